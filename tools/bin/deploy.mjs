// `node tools/bin/deploy.mjs <command> [name…]`: containers and planes; the commands stand in tools/deploy/src/main.ts.
import { join } from 'node:path';
import { buildChanged, checkNode, installDependencies } from './lib/prepare.mjs';
import { ROOT } from './lib/root.mjs';
import { runNode } from './lib/run.mjs';

checkNode();
await installDependencies();
await buildChanged(['deploy', 'runner']);
process.env.BEHAVRY_ROOT = ROOT;
process.exit(await runNode(join(ROOT, 'dist/tools/deploy/main.js'), process.argv.slice(2)));
