import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../../../package.json';

/** Backups of both planes by version, with keys that protect nothing else. */
export const FIXTURES = 'tools/deploy/fixtures';

/** What a plane keeps wherever it stands; the rest of its variables is of one machine. */
const KEPT =
  /^BEHAVRY_(?:ADMIN_PASSWORD|DB_PASSWORD|JWT_\w+|DATA_PLANE_TOKEN|TENANT_ID|LICENSE_KEY|DEPLOYMENT_ID|HEARTBEAT_INTERVAL|TLS_NAMES)$/;

/** Keeps backups of two planes as the fixture of this version. */
export function writeFixture(root: string, backup: string): void {
  for (const plane of ['control-plane', 'data-plane']) {
    const [from, to] = [join(backup, plane), join(root, FIXTURES, version, plane)];
    mkdirSync(to, { recursive: true });
    for (const file of ['database.dump', 'plane.key']) copyFileSync(join(from, file), join(to, file));
    const variables = readFileSync(join(from, 'plane.env'), 'utf8').matchAll(/^(\w+)='([^']*)'$/gm);
    const kept = [...variables].filter(([, name = '']) => KEPT.test(name)).map(([line]) => `${line}\n`);
    writeFileSync(join(to, 'plane.env'), `# Of a test; nothing that runs uses these.\n${kept.join('')}`);
    const sums = ['database.dump', 'plane.key', 'plane.env'].map(
      (file) =>
        `${createHash('sha256')
          .update(readFileSync(join(to, file)))
          .digest('hex')}  ${file}\n`,
    );
    writeFileSync(join(to, 'SHA256SUMS'), sums.join(''));
  }
}
