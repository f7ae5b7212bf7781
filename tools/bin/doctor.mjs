// `npm run doctor`: what is wrong with a plane, what to do, and a support bundle without secrets.
import { join } from 'node:path';
import { checkNode, installDependencies } from './lib/prepare.mjs';
import { ROOT } from './lib/root.mjs';

checkNode();
await installDependencies();
const { bundle } = await import('../build/bundle.mjs');
await bundle('tools/deploy/src/doctor/main.ts', 'dist/tools/deploy/doctor.js');
process.env.BEHAVRY_ROOT = ROOT;
await import(join(ROOT, 'dist', 'tools', 'deploy', 'doctor.js'));
