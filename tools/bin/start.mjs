// `npm start`: from a bare clone to a running system. Installs and builds what is missing, then runs it
// in this very process, so that a signal reaches it and nothing stands between.
import { join } from 'node:path';
import { buildChanged, checkNode, installDependencies } from './lib/prepare.mjs';
import { ROOT } from './lib/root.mjs';

checkNode();
await installDependencies();
await buildChanged();
process.env.BEHAVRY_ROOT = ROOT;
await import(join(ROOT, 'dist', 'tools', 'runner', 'main.js'));
