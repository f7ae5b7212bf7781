// `npm run demo`: goes through every promise of the demo against what is running.
import { join } from 'node:path';
import { buildChanged, checkNode, installDependencies } from './lib/prepare.mjs';
import { ROOT } from './lib/root.mjs';

checkNode();
await installDependencies();
await buildChanged(['runner']);
process.env.BEHAVRY_ROOT = ROOT;
await import(join(ROOT, 'dist', 'tools', 'runner', 'demo.js'));
