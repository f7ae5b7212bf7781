import { chmodSync, chownSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  isObject,
  STDIO_FIRST_LINE_MAX_BYTES,
  type StdioStartAnswer,
  type StdioStartRequest,
} from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import { readFirstLine, type Logger, type UpstreamSecrets } from '@behavry/platform';
import { commandRefusal, type AllowedCommand } from '../domain/command-list';
import { killAllOf, type ServerHome, type ServerHomes } from '../process/server-homes';
import { ServerProcess } from '../process/server-process';

export interface StdioHostOptions {
  /** Path of the unix socket. */
  readonly socket: string;
  /** Group that may connect besides the own user. */
  readonly socketGid?: number;
  readonly commands: readonly AllowedCommand[];
  readonly secrets: UpstreamSecrets;
  readonly homes: ServerHomes;
  readonly searchPath: string;
  readonly maxProcesses: number;
  /** Why nothing may be started at all, as a sentence. */
  readonly refusal: string | undefined;
  readonly log: Logger;
}

const FIRST_LINE_MS = 5_000;

/**
 * Starts registered stdio servers for mcp-proxy: a connection is a process. It judges by its own list of commands and
 * looks up secrets itself; whoever asks gets nothing that the list does not hold.
 */
export class StdioHost {
  readonly #server: Server;
  readonly #running = new Set<ServerProcess>();
  /** Processes of each server that run or are about to. */
  readonly #uses = new Map<string, number>();
  readonly #options: StdioHostOptions;
  readonly #starts = new Set<Promise<unknown>>();
  #starting = 0;
  #isClosing = false;

  constructor(options: StdioHostOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (connection) => {
      connection.on('error', () => undefined);
      void this.#serve(connection);
    });
  }

  /** @throws Error when another host listens there */
  async listen(): Promise<void> {
    const { socket, socketGid, homes } = this.#options;
    if (await answers(socket)) throw new Error(`another stdio-host listens on ${socket}`);
    rmSync(socket, { force: true });
    // What an earlier host left behind when it was killed.
    killAllOf(homes.uidsInUse());
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((listening, failed) =>
        this.#server.once('error', failed).listen(socket, listening),
      );
    } finally {
      process.umask(mask);
    }
    if (socketGid === undefined) return;
    chownSync(socket, -1, socketGid);
    chmodSync(socket, 0o660);
  }

  /** Ends every server, also those that are just starting, and waits until all are gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#server.close();
    for (const one of this.#running) one.end();
    await Promise.allSettled(this.#starts);
    await Promise.all([...this.#running].map(({ exited }) => exited));
  }

  async #serve(connection: Socket): Promise<void> {
    const { log } = this.#options;
    let started: { readonly process: ServerProcess; readonly home: ServerHome; readonly serverId: string };
    this.#starting += 1;
    try {
      const line = await readFirstLine(connection, STDIO_FIRST_LINE_MAX_BYTES, FIRST_LINE_MS);
      const start = this.#start(readRequest(line));
      this.#starts.add(start);
      started = await start.finally(() => this.#starts.delete(start));
    } catch (error) {
      const fault = error instanceof Error ? error.message : 'the server could not be started';
      log.warn({ fault }, 'a server was not started');
      connection.end(lineOf({ ok: false, fault }), () => connection.destroy());
      return;
    } finally {
      this.#starting -= 1;
    }
    const { process, home, serverId } = started;
    log.info({ server: serverId, pid: process.pid, uid: home.uid }, 'a server process started');
    connection.write(lineOf({ ok: true }));
    await process.attach(connection);
    this.#running.delete(process);
    this.#leave(serverId, home);
    log.info({ server: serverId, pid: process.pid, code: await process.exited }, 'a server process ended');
  }

  async #start({ server_id: serverId, command, args, env }: StdioStartRequest): Promise<{
    readonly process: ServerProcess;
    readonly home: ServerHome;
    readonly serverId: string;
  }> {
    const { commands, refusal, secrets, homes, searchPath, maxProcesses } = this.#options;
    const variables = Object.keys(env);
    const why = refusal ?? commandRefusal(commands, { serverId, command, args, variables });
    if (why !== undefined) throw new Error(why);
    if (this.#running.size + this.#starting > maxProcesses)
      throw new Error('as many servers run as BEHAVRY_STDIO_MAX_PROCESSES allows');
    const resolved = await secrets.resolve(env, { id: serverId, url: undefined });
    if (this.#isClosing) throw new Error('stdio-host is stopping');
    const home = homes.open(serverId);
    this.#enter(serverId, home);
    try {
      const process = await ServerProcess.start({ command, args, env: resolved, home, searchPath });
      this.#running.add(process);
      // It may have begun to stop while the process was being made.
      if (this.#hasToStop()) process.end();
      return { process, home, serverId };
    } catch (error) {
      this.#leave(serverId, home);
      throw error;
    }
  }

  #hasToStop(): boolean {
    return this.#isClosing;
  }

  // Before a server's first process and after its last one nothing runs under its user id.
  #enter(serverId: string, { uid }: ServerHome): void {
    const uses = this.#uses.get(serverId) ?? 0;
    if (uses === 0 && uid !== undefined) killAllOf([uid]);
    this.#uses.set(serverId, uses + 1);
  }

  #leave(serverId: string, { uid }: ServerHome): void {
    const uses = (this.#uses.get(serverId) ?? 1) - 1;
    this.#uses.set(serverId, uses);
    if (uses > 0) return;
    this.#uses.delete(serverId);
    if (uid !== undefined) killAllOf([uid]);
  }
}

function readRequest(line: string): StdioStartRequest {
  const json = parseStrictJson(line);
  const value = json.ok ? json.value : undefined;
  if (isObject(value)) {
    const { server_id, command, args, env } = value;
    const isText = (one: unknown): one is string => typeof one === 'string' && !one.includes('\0');
    const areTexts = (many: unknown[]): many is string[] => many.every(isText);
    if (isText(server_id) && isText(command) && Array.isArray(args) && areTexts(args) && isObject(env)) {
      if (areTexts(Object.values(env)))
        return { server_id, command, args, env: env as Record<string, string> };
    }
  }
  throw new Error('the request names no server, command, arguments and variables');
}

function lineOf(answer: StdioStartAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}
