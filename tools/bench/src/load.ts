import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { callBody, HEADERS, INITIALIZE, type Target } from './calls';

/** What one run of load is told, as JSON in its first argument. */
export interface LoadOrder extends Target {
  readonly seconds: number;
  /** Closed loop: calls in flight. */
  readonly inFlight: number;
  /** Paced: calls a second, begun on time whatever the answers do; 0 is a closed loop. */
  readonly perSecond: number;
}

/** What it found, as JSON on its output. Latencies in ms. */
export interface LoadResult {
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

async function main(order: LoadOrder): Promise<LoadResult> {
  const url = new URL(order.url);
  const pool = new Pool(url.origin, {
    connections: order.perSecond > 0 ? 64 : order.inFlight,
    headersTimeout: 30_000,
  });
  const auth: Record<string, string> = order.token === '' ? {} : { authorization: `Bearer ${order.token}` };
  const send = async (
    body: string,
    session: Record<string, string>,
  ): Promise<{ session: string; text: string; status: number }> => {
    const answer = await pool.request({
      path: url.pathname,
      method: 'POST',
      headers: { ...HEADERS, ...auth, ...session },
      body,
    });
    const id = answer.headers['mcp-session-id'];
    return {
      status: answer.statusCode,
      session: typeof id === 'string' ? id : '',
      text: await answer.body.text(),
    };
  };
  const opened = await send(INITIALIZE, {});
  if (opened.status !== 200)
    throw new Error(`initialize answered ${opened.status}: ${opened.text.slice(0, 200)}`);
  const session: Record<string, string> = opened.session === '' ? {} : { 'mcp-session-id': opened.session };
  await send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), session);

  const latencies: number[] = [];
  let errors = 0;
  let next = 1;
  const call = async (begunAt: number): Promise<void> => {
    try {
      const { status, text } = await send(callBody(next++), session);
      if (status !== 200 || !text.includes('"result"')) errors += 1;
      else latencies.push(performance.now() - begunAt);
    } catch {
      errors += 1;
    }
  };
  const started = performance.now();
  const end = started + order.seconds * 1000;
  if (order.perSecond === 0) {
    await Promise.all(
      Array.from({ length: order.inFlight }, async () => {
        while (performance.now() < end) await call(performance.now());
      }),
    );
  } else {
    const running: Promise<void>[] = [];
    for (let at = started; at < end; at += 1000 / order.perSecond) {
      const wait = at - performance.now();
      if (wait > 1) await delay(wait);
      // Counted from when it should have begun: a stall of the system is not hidden.
      running.push(call(at));
    }
    await Promise.all(running);
  }
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN;
  return { calls: latencies.length, errors, seconds, p50: at(0.5), p99: at(0.99) };
}

main(JSON.parse(process.argv[2] ?? '{}') as LoadOrder).then(
  (result) => console.log(JSON.stringify(result)),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
