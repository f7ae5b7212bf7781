import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'undici';

/** Where Node listens for a debugger when it is asked to by SIGUSR1. */
const INSPECTOR = 'http://127.0.0.1:9229/json/list';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: number[];
  }[];
  readonly samples: readonly number[];
}

/** Shares of the busy time of a process, by what its time goes into. */
export interface StageShares {
  /** Inclusive: a stage with all that it calls. */
  readonly stages: Readonly<Record<string, number>>;
  /** Exclusive: rooms of ours, packages, Node and the engine itself. */
  readonly rooms: Readonly<Record<string, number>>;
}

/**
 * Takes a CPU profile of a running process of ours while it is under load.
 * @throws Error when another process holds the port of the debugger
 */
export async function profileStages(pid: number, milliseconds: number): Promise<StageShares> {
  process.kill(pid, 'SIGUSR1');
  await delay(500);
  const [target] = (await (await fetch(INSPECTOR)).json()) as {
    webSocketDebuggerUrl: string;
    title: string;
  }[];
  if (target === undefined) throw new Error('no debugger came up');
  const session = await Inspector.open(target.webSocketDebuggerUrl);
  try {
    const { result } = (await session.send('Runtime.evaluate', { expression: 'process.pid' })) as {
      result: { value: number };
    };
    if (result.value !== pid) throw new Error('another process holds the port of the debugger');
    await session.send('Profiler.enable');
    await session.send('Profiler.start');
    await delay(milliseconds);
    const { profile } = (await session.send('Profiler.stop')) as { profile: Profile };
    return sharesOf(profile);
  } finally {
    // The next process listens at the same place; while it is connected to, this one would wait for it.
    await session.send('Runtime.evaluate', { expression: 'setTimeout(() => process._debugEnd(), 100)' });
    session.close();
    await delay(500);
  }
}

/** @returns shares of the samples in which the process did something */
export function sharesOf({ nodes, samples }: Profile): StageShares {
  const placeOf = new Map(nodes.map((node) => [node.id, placeOfFrame(node.callFrame)]));
  const parentOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const busy = samples.filter((id) => placeOf.get(id) !== '(idle)');
  const stages: Record<string, number> = {};
  const rooms: Record<string, number> = {};
  for (const id of busy) {
    const own = placeOf.get(id) ?? '(unknown)';
    const room = roomOf(own);
    rooms[room] = (rooms[room] ?? 0) + 1 / busy.length;
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) {
      const stage = /\/stages\/([\w-]+)\.stages?\.ts$/u.exec(placeOf.get(at) ?? '')?.[1];
      if (stage === undefined) continue;
      stages[stage] = (stages[stage] ?? 0) + 1 / busy.length;
      break;
    }
  }
  return { stages, rooms };
}

function roomOf(place: string): string {
  const ours = /(?:^|\/)(libs\/[\w-]+\/src\/[\w-]+|apps\/[\w-]+\/src\/[\w-]+)/u.exec(place)?.[1];
  const packageName = /node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(place)?.[1];
  return ours ?? packageName ?? (place.startsWith('node:') ? 'node' : place);
}

const maps = new Map<string, SourceMap | undefined>();

/** @returns the source file of a frame; Node's own and the engine's by their names */
function placeOfFrame({ url, functionName, lineNumber, columnNumber }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url;
  const file = url.replace(/^file:\/\//u, '');
  if (!maps.has(file)) maps.set(file, readMap(file));
  const entry = maps.get(file)?.findEntry(lineNumber, columnNumber);
  return entry !== undefined && 'originalSource' in entry ? entry.originalSource : file;
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined;
  }
}

/** The little of the debugger's protocol that a profile needs. */
class Inspector {
  #next = 1;

  private constructor(private readonly socket: WebSocket) {}

  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error('the debugger did not answer')), {
        once: true,
      });
    });
    return new Inspector(socket);
  }

  send(method: string, params: object = {}): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve) => {
      const heard = ({ data }: { data: unknown }): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (message.id !== id) return;
        this.socket.removeEventListener('message', heard);
        resolve(message.result);
      };
      this.socket.addEventListener('message', heard);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.socket.close();
  }
}
