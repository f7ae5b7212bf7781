import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { callBody, HEADERS, INITIALIZE, isRight, type Target } from './calls';
import { percentile } from './figures';
import { ageOf, modelBody } from './models';

/** What one run of load is told, as JSON on its input. */
export interface LoadOrder extends Target {
  readonly seconds: number;
  /** Closed loop: calls in flight. */
  readonly inFlight: number;
  /** Paced: calls a second, begun on time whatever the answers do; 0 is a closed loop. */
  readonly perSecond: number;
}

/** What it found, as JSON on its output. Latencies in ms. Every reply was compared with what the upstream says. */
export interface LoadResult {
  readonly calls: number;
  readonly errors: number;
  /** The first answer that was not right, shortened. */
  readonly firstError?: string;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Median of how old the first stamped piece of a stream was when it came, in ms; 0 where none was stamped. */
  readonly firstPiece: number;
}

/** One agent: its headers, and its session where there are sessions. */
type Caller = Readonly<Record<string, string>>;

/** Sessions opened at the same time: below what one agent may. */
const OPENING = 4;

class Loader {
  readonly #url: URL;
  readonly #pool: Pool;
  readonly #model: string;
  readonly #latencies: number[] = [];
  readonly #ages: number[] = [];
  #errors = 0;
  #firstError: string | undefined;
  #next = 1;

  constructor(private readonly order: LoadOrder) {
    this.#url = new URL(order.url);
    const connections = order.perSecond > 0 ? 64 : order.inFlight;
    this.#pool = new Pool(this.#url.origin, { connections, headersTimeout: 30_000 });
    this.#model = order.kind === 'mcp' ? '' : modelBody(order.kind);
  }

  async run(): Promise<LoadResult> {
    const callers = await this.#open();
    const started = performance.now();
    const end = started + this.order.seconds * 1000;
    const call = (begunAt: number): Promise<void> => {
      const id = this.#next++;
      return this.#call(callers[id % callers.length] ?? {}, id, begunAt);
    };
    if (this.order.perSecond === 0) {
      await Promise.all(
        Array.from({ length: this.order.inFlight }, async () => {
          while (performance.now() < end) await call(performance.now());
        }),
      );
    } else {
      const running: Promise<void>[] = [];
      for (let at = started; at < end; at += 1000 / this.order.perSecond) {
        const wait = at - performance.now();
        if (wait > 1) await delay(wait);
        // Counted from when it should have begun: a stall of the system is not hidden.
        running.push(call(at));
      }
      await Promise.all(running);
    }
    const seconds = (performance.now() - started) / 1000;
    await this.#pool.close();
    return {
      calls: this.#latencies.length,
      errors: this.#errors,
      ...(this.#firstError === undefined ? {} : { firstError: this.#firstError }),
      seconds,
      p50: percentile(this.#latencies, 0.5),
      p99: percentile(this.#latencies, 0.99),
      firstPiece: this.#ages.length > 0 ? percentile(this.#ages, 0.5) : 0,
    };
  }

  async #open(): Promise<readonly Caller[]> {
    const agents = this.order.tokens.map((token): Caller =>
      token === '' ? HEADERS : { ...HEADERS, authorization: `Bearer ${token}` },
    );
    if (this.order.kind !== 'mcp') return agents;
    const callers: Caller[] = [];
    for (let at = 0; at < agents.length; at += OPENING)
      callers.push(
        ...(await Promise.all(agents.slice(at, at + OPENING).map((agent) => this.#session(agent)))),
      );
    return callers;
  }

  async #session(agent: Caller): Promise<Caller> {
    const opened = await this.#send(agent, INITIALIZE);
    if (opened.status !== 200)
      throw new Error(`initialize answered ${opened.status}: ${opened.text.slice(0, 200)}`);
    const caller = opened.session === undefined ? agent : { ...agent, 'mcp-session-id': opened.session };
    await this.#send(caller, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    return caller;
  }

  async #call(caller: Caller, id: number, begunAt: number): Promise<void> {
    const { kind } = this.order;
    try {
      const answer = await this.#send(caller, kind === 'mcp' ? callBody(id) : this.#model);
      if (isRight(kind, id, answer.status, answer.text)) this.#latencies.push(performance.now() - begunAt);
      else this.#fail(`${answer.status} ${answer.text}`);
    } catch (error) {
      this.#fail(String(error));
    }
  }

  #fail(why: string): void {
    this.#errors += 1;
    this.#firstError ??= why.slice(0, 300);
  }

  async #send(
    headers: Caller,
    body: string,
  ): Promise<{ readonly status: number; readonly text: string; readonly session: string | undefined }> {
    const answer = await this.#pool.request({
      path: `${this.#url.pathname}${this.#url.search}`,
      method: 'POST',
      headers,
      body,
    });
    const session = answer.headers['mcp-session-id'];
    return {
      status: answer.statusCode,
      session: typeof session === 'string' ? session : undefined,
      text: await this.#read(answer.body),
    };
  }

  async #read(body: AsyncIterable<Buffer>): Promise<string> {
    const parts: Buffer[] = [];
    let age: number | undefined;
    for await (const part of body) {
      parts.push(part);
      if (age !== undefined) continue;
      age = ageOf(part.toString('utf8'));
      if (age !== undefined) this.#ages.push(age);
    }
    return Buffer.concat(parts).toString('utf8');
  }
}

text(process.stdin)
  .then((order) => new Loader(JSON.parse(order) as LoadOrder).run())
  .then(
    (result) => console.log(JSON.stringify(result)),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
