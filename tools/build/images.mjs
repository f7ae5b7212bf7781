// `node tools/build/images.mjs <folder>`: a folder for every image, with the programs and the packages that are in it.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundle, writeMaterials } from './bundle.mjs';
import { projects, ROOT } from './projects.mjs';

const [target] = process.argv.slice(2);
if (!target) throw new Error('where to?');

/** Packages with native files that a program requires at run time. */
const BESIDE = { 'identity-jwks': ['@node-rs'] };

/** Programs of others that the demo shows, each in one file. */
const DEMO = {
  filesystem: '@modelcontextprotocol/server-filesystem/dist/index.js',
  everything: '@modelcontextprotocol/server-everything/dist/index.js',
  model: '@copilotkit/aimock/dist/cli.js',
};

rmSync(target, { recursive: true, force: true });
const apps = projects().filter(({ tags }) => tags.includes('type:app'));
// One after the other: the bundler uses all cores for one, and would take gigabytes for all at once.
for (const { name, root } of apps) {
  await bundle(`${root}/src/main.ts`, `dist/${root}/main.js`);
  take(join(ROOT, 'dist', root), join(target, name));
  for (const beside of BESIDE[name] ?? [])
    cpSync(join(ROOT, 'node_modules', beside), join(target, name, 'node_modules', beside), {
      recursive: true,
    });
}
const secrets = await bundle(
  'tools/deploy/src/secrets/make-secrets.ts',
  'dist/tools/make-secrets/make-secrets.js',
);
// It goes into the image of an app, which has a bill of materials of its own.
await writeMaterials('dist/tools/make-secrets', 'make-secrets', secrets, 'make-secrets.');
take(join(ROOT, 'dist', 'tools', 'make-secrets'), join(target, 'make-secrets'));
const demo = [];
for (const [name, entry] of Object.entries(DEMO)) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join('node_modules', entry)],
    outfile: join(target, 'demo', `${name}.mjs`),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    metafile: true,
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  demo.push(metafile);
}
await writeMaterials(join(target, 'demo'), 'demo', demo);
const documents = join(ROOT, 'node_modules', dirname(DEMO.everything), 'docs');
if (existsSync(documents)) cpSync(documents, join(target, 'demo', 'docs'), { recursive: true });
process.exit(0);

/** Programs and what is in them; without source maps, a third of it all, which help only whoever has the sources. */
function take(from, to) {
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from).filter((name) => /\.(?:js|cdx\.json|txt)$/u.test(name)))
    cpSync(join(from, file), join(to, file));
}
