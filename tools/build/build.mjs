// `node tools/build/build.mjs <project>…`: bundles projects into dist/<project root>.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { projects, ROOT } from './projects.mjs';

const known = projects();
for (const name of process.argv.slice(2)) {
  const project = known.find((candidate) => candidate.name === name);
  if (!project) throw new Error(`no project is called ${name}`);
  const main = ['main', 'index'].find((stem) => existsSync(join(ROOT, project.root, 'src', `${stem}.ts`)));
  if (!main) throw new Error(`${project.root}/src has neither main.ts nor index.ts`);
  await bundle(`${project.root}/src/${main}.ts`, `dist/${project.root}/${main}.js`);
}
