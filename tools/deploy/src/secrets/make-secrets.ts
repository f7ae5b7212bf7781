import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { makeSecrets, type Rotation } from './plane-secrets';

const ROTATIONS: readonly Rotation[] = ['redis', 'tls'];

/**
 * The one-shot job before everything else of a plane in containers. `--rotate redis|tls` makes one thing anew.
 * The edge's names are the host of BEHAVRY_PUBLIC_URL, those of BEHAVRY_TLS_NAMES, and what names it inside.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rotate: { type: 'string' } } });
  const rotation = ROTATIONS.find((each) => each === values.rotate);
  if (values.rotate !== undefined && !rotation)
    throw new Error(`--rotate takes one of ${ROTATIONS.join(', ')}`);
  const { BEHAVRY_PUBLIC_URL: url = '', BEHAVRY_TLS_NAMES: more = '' } = process.env;
  const own = URL.canParse(url) ? [new URL(url).hostname.replace(/^\[|\]$/g, '')] : [];
  const given = more.split(',').map((name) => name.trim());
  const names = [...new Set([...own, ...given, 'localhost', '127.0.0.1', 'edge'])].filter(isName);
  const done = await makeSecrets(
    {
      plane: '/run/secrets/behavry',
      redis: '/run/secrets/redis',
      edge: '/run/secrets/edge',
      authority: '/run/secrets/authority',
    },
    names,
    rotation,
  );
  for (const line of done.length > 0 ? done : ['Nothing is missing']) process.stdout.write(`${line}\n`);
}

function isName(name: string): boolean {
  return isIP(name) !== 0 || /^[A-Za-z0-9*]([A-Za-z0-9.*-]*[A-Za-z0-9])?$/.test(name);
}

void main().catch((error: unknown) => {
  process.stderr.write(`make-secrets: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
