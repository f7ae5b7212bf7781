// Opens streams that begin and do not go on, says so, and holds them until its input ends.
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import { HEADERS } from './calls';
import { modelBody } from './models';

const [url = '', token = '', wanted = '0'] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const count = Number(wanted);
/** Opened at the same time. */
const AT_ONCE = 32;

async function main(): Promise<void> {
  const pool = new Pool(origin, { connections: count, bodyTimeout: 0 });
  const body = modelBody({ api: 'openai', chunks: 2, model: 'bench-model-held' });
  const headers = { ...HEADERS, authorization: `Bearer ${token}` };
  let left = count;
  const open = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const answer = await pool.request({ path: pathname, method: 'POST', headers, body });
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${await answer.body.text()}`);
      const [first] = await new Promise<Buffer[]>((resolve, reject) => {
        answer.body.once('data', (part: Buffer) => resolve([part])).once('error', reject);
      });
      if (!first?.includes('data: ')) throw new Error('a stream did not begin');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, open));
  console.log('open');
  await text(process.stdin);
  await pool.destroy();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
