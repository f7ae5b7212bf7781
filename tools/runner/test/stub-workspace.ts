import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP_NAMES } from '@behavry/contracts';
import { tempDir, workspaceRoot } from '@behavry/test-components';

/** An app in miniature: `--migrate` ends at once, otherwise it answers its health and stops when asked. */
const STUB_APP = `
const { createServer } = require('node:http');
const { existsSync } = require('node:fs');
if (process.argv.includes('--migrate')) {
  if (process.env.BEHAVRY_STUB_FAULT === 'migrate') {
    console.log(JSON.stringify({ level: 'fatal', message: 'could not start', err: { message: 'the schema is broken' } }));
    process.exit(1);
  }
  process.exit(0);
}
if (process.env.BEHAVRY_STUB_FAULT === __dirname.split('/').pop()) {
  console.error('no configuration');
  process.exit(2);
}
const port = Number(process.env.BEHAVRY_PORT);
const isUnready = () => existsSync(process.env.BEHAVRY_DATA_DIR + '/unready');
createServer((request, response) => {
  response.writeHead(request.url === '/health/ready' && isUnready() ? 503 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ checks: { stub: { ready: !isUnready() } } }));
}).listen(port + 1, '127.0.0.1');
createServer((request, response) => {
  // Only identity-jwks is asked, for the whole plane.
  if (request.url === '/health/ready' && isUnready())
    response.writeHead(503).end('{"code":"plane_not_ready","errors":[{"field":"identity-jwks","message":"stub"}]}');
  else response.end(JSON.stringify(process.env));
}).listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

/** stdio-host in miniature: it listens on its socket. */
const STUB_HOST = `
require('node:net').createServer().listen(process.env.BEHAVRY_STDIO_SOCKET);
process.on('SIGTERM', () => process.exit(0));
`;

/** A workspace whose apps are stubs: the runner itself, its edge and its components are the real ones. */
export function stubWorkspace(): string {
  const root = tempDir('behavry-stub-');
  const real = workspaceRoot();
  for (const link of ['node_modules', 'tools', 'policies', 'package.json'])
    symlinkSync(join(real, link), join(root, link));
  mkdirSync(join(root, 'dist', 'tools'), { recursive: true });
  symlinkSync(join(real, 'dist', 'tools', 'runner'), join(root, 'dist', 'tools', 'runner'));
  for (const app of APP_NAMES) {
    mkdirSync(join(root, 'dist', 'apps', app), { recursive: true });
    writeFileSync(join(root, 'dist', 'apps', app, 'main.js'), STUB_APP);
  }
  mkdirSync(join(root, 'dist', 'apps', 'stdio-host'));
  writeFileSync(join(root, 'dist', 'apps', 'stdio-host', 'main.js'), STUB_HOST);
  return root;
}
