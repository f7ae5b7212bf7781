// `npx nx run deploy:alerts`: provokes alerts on a local pair, seen by a real Prometheus.
import { join } from 'node:path';
import { checkNode, installDependencies } from './lib/prepare.mjs';
import { ROOT } from './lib/root.mjs';

checkNode();
await installDependencies();
const { bundle } = await import('../build/bundle.mjs');
await bundle('tools/deploy/src/observability/alerts/main.ts', 'dist/tools/deploy/alerts.js');
process.env.BEHAVRY_ROOT = ROOT;
await import(join(ROOT, 'dist', 'tools', 'deploy', 'alerts.js'));
