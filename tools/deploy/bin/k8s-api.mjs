// `nx run deploy:k8s-api`: every overlay against a real API server.
import { checkNode, installDependencies } from '../../bin/lib/prepare.mjs';
import { runNode } from '../../bin/lib/run.mjs';

checkNode();
await installDependencies();
const { bundle } = await import('../../build/bundle.mjs');
const OUT = 'dist/tools/deploy/k8s-api.js';
await bundle('tools/deploy/src/k8s/api/main.ts', OUT);
process.exit(await runNode(OUT, []));
