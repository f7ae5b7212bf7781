// `npm run release`: builds what is given away from the present commit and writes it to dist/release/<version>.
import { checkNode, installDependencies } from './lib/prepare.mjs';
import { runNode } from './lib/run.mjs';

checkNode();
await installDependencies();
const { bundle } = await import('../build/bundle.mjs');
await bundle('tools/deploy/src/release/main.ts', 'dist/tools/deploy/release.js');
process.exit(await runNode('dist/tools/deploy/release.js', process.argv.slice(2)));
