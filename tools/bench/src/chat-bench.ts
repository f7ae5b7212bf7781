import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Row } from './figures';

// What a long chat costs in the thread that reads it: strict reading, scan, digest, what policy and a person would see.

const TURNS = 40;
const ROUNDS = 15;
const PROSE =
  'The quarterly report of the customer service team says that most requests were answered within one day, that ' +
  'the author asked for access to the archive, and that nobody objected to the new opening hours of the office. ';
const CODE =
  'export function sum(values: readonly number[]): number {\n  let total = 0;\n  for (const value of values) {\n' +
  '    if (!Number.isFinite(value)) throw new RangeError(`not a number: ${value}`);\n    total += value;\n  }\n  return total;\n}\n';

/** A question, a call of a tool, its result and an answer. */
function turn(index: number): readonly object[] {
  const id = `call_${index}`;
  const row = { id: index, name: `Item ${index}`, at: '2026-03-14T15:09:26.535Z', to: 'service@example.org' };
  const result = index % 3 === 0 ? JSON.stringify(Array<object>(12).fill(row)) : CODE.repeat(6);
  return [
    { role: 'user', content: `Question ${index}. ${PROSE.repeat(3)}` },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id, type: 'function', function: { name: 'read', arguments: `{"path":"/src/${index}.ts"}` } },
      ],
    },
    { role: 'tool', tool_call_id: id, content: `${index}\n${result}` },
    { role: 'assistant', content: `Answer ${index}. ${PROSE}` },
  ];
}

/** @returns the body of each turn: all that was said before it, and what is new */
function bodies(): readonly Uint8Array[] {
  const messages: object[] = [{ role: 'system', content: PROSE.repeat(4) }];
  return Array.from({ length: TURNS }, (_, index) => {
    messages.push(...turn(index));
    return new TextEncoder().encode(JSON.stringify({ model: 'gpt-bench', messages }));
  });
}

/**
 * Measures a chat of 40 turns in llm-proxy's thread, once as an agent's that goes on with it and once with each turn
 * as another agent's, of whom nothing is known.
 * @returns CPU of a turn, on the average of the chat and of its last quarter
 */
export async function chatFigures(): Promise<Row[]> {
  const worker = new Worker(join(__dirname, 'large-worker.js'), {
    workerData: { digestKey: Buffer.alloc(32, 7) },
  });
  await once(worker, 'message');
  const turns = bodies();
  let chats = 0;
  const chat = async (isKnown: boolean): Promise<readonly number[]> => {
    const spent: number[] = [];
    chats++;
    for (const [index, bytes] of turns.entries()) {
      const message = readJob(bytes, isKnown ? `agent-${chats}` : `agent-${chats}-${index}`);
      const before = process.cpuUsage();
      worker.postMessage(message);
      const [reply] = (await once(worker, 'message')) as [{ ok: boolean; value?: { ok: boolean } }];
      const { user, system } = process.cpuUsage(before);
      if (reply.value?.ok !== true) throw new Error('a turn was not read');
      spent.push(user + system);
    }
    return spent;
  };
  for (let round = 0; round < 3; round++) for (const isKnown of [true, false]) await chat(isKnown);
  const known: (readonly number[])[] = [];
  const unknown: (readonly number[])[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    known.push(await chat(true));
    unknown.push(await chat(false));
  }
  await worker.terminate();
  const size = `${Math.round((turns.at(-1)?.length ?? 0) / 1024)} KB`;
  return [
    ...rowsOf('a turn of a chat of 40 turns', 0, known, unknown),
    ...rowsOf(`its last ten turns, up to ${size}`, TURNS - 10, known, unknown),
  ];
}

function rowsOf(
  name: string,
  from: number,
  known: readonly (readonly number[])[],
  unknown: readonly (readonly number[])[],
): readonly Row[] {
  const msOf = (chats: readonly (readonly number[])[]): number => {
    const sums = chats.map((spent) => spent.slice(from).reduce((sum, one) => sum + one, 0));
    // The least disturbed half.
    const least = sums.sort((a, b) => a - b).slice(0, Math.ceil(sums.length / 2));
    return least.reduce((sum, one) => sum + one, 0) / least.length / (TURNS - from) / 1_000;
  };
  const [with_, without] = [msOf(known), msOf(unknown)];
  return [
    { name: `${name}, nothing known`, unit: 'ms', value: without },
    { name: `${name}, what was said known`, unit: 'ms', value: with_ },
    { name: `${name}, known to nothing known`, unit: '×', value: with_ / without },
  ];
}

/** What a `WorkerPool` would send. */
function readJob(bytes: Uint8Array, agentId: string): object {
  return {
    name: 'read',
    agentId,
    scan: null,
    input: {
      place: { provider: 'openai', method: 'POST', path: '/v1/chat/completions', query: '' },
      bytes,
      asked: { provider: 'openai', keySource: 'plane', headers: {} },
      rules: { maxBytes: 1 << 24, unknownMembers: 'refuse' },
      blast: {
        min_delete_depth: 3,
        email_recipient_limit: 10,
        bulk_action_threshold: 50,
        config_paths: ['/etc'],
        protected_files: ['.env'],
      },
      needsPlain: false,
    },
  };
}
