import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { callTool, type Agent } from './agent';

/** What an agent was told about its calls while something else happened. */
export interface LoadReport {
  /** Decision ids of the calls that the upstream echoed back to the agent. */
  readonly answered: readonly string[];
  /** Calls that were refused, by reason code. */
  readonly refused: readonly string[];
  /** Calls whose answer never came. */
  readonly failed: number;
}

/** Keeps calling `echo` with rising numbers, several at a time, until told to stop. */
export class Load {
  readonly #answered: string[] = [];
  /** Decision ids by the message of their call. */
  readonly #decisions = new Map<string, string>();
  readonly #refused: string[] = [];
  #failed = 0;
  #next = 0;
  #isStopped = false;
  readonly #workers: readonly Promise<void>[];

  constructor(
    private readonly agent: Agent,
    private readonly server: string,
    /** Begins every message, so that the rows of one load can be told from all others. */
    readonly label: string,
    workers = 4,
  ) {
    this.#workers = Array.from({ length: workers }, () => this.#work());
  }

  get answers(): number {
    return this.#answered.length;
  }

  async stop(): Promise<LoadReport> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
    return { answered: this.#answered, refused: this.#refused, failed: this.#failed };
  }

  async #work(): Promise<void> {
    let client: Client | undefined;
    while (!this.#isStopped) {
      const number = this.#next++;
      try {
        client ??= await this.agent.mcp(this.server, (body, id) => {
          const { params } = JSON.parse(body) as { params?: { arguments?: { message?: string } } };
          this.#decisions.set(params?.arguments?.message ?? '', id);
        });
        const message = `${this.label}-${number}`;
        const result = await callTool(client, 'echo', { message });
        if (result.ok) this.#answered.push(this.#decisions.get(message) ?? `no decision for ${message}`);
        else this.#refused.push(JSON.stringify(result.data['reason_code'] ?? result.code));
      } catch {
        this.#failed += 1;
        client = undefined;
        await delay(100);
      }
    }
  }
}
