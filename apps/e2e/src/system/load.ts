import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { callTool, type Agent } from './agent';

/** The arguments of one call of a load. */
export function messageOf(label: string, number: number): { readonly message: string } {
  return { message: `${label}-${number}` };
}

/** What an agent was told about its calls while something else happened. */
export interface LoadReport {
  readonly label: string;
  /** Numbers that the upstream echoed back to the agent. */
  readonly answered: readonly number[];
  /** Calls that were refused, by reason code. */
  readonly refused: readonly string[];
  /** Calls whose answer never came. */
  readonly failed: number;
}

/** Keeps calling `echo` with rising numbers, several at a time, until told to stop. */
export class Load {
  readonly #answered: number[] = [];
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
    return { label: this.label, answered: this.#answered, refused: this.#refused, failed: this.#failed };
  }

  async #work(): Promise<void> {
    let client: Client | undefined;
    while (!this.#isStopped) {
      const number = this.#next++;
      try {
        client ??= await this.agent.mcp(this.server);
        const result = await callTool(client, 'echo', messageOf(this.label, number));
        if (result.ok) this.#answered.push(number);
        else this.#refused.push(JSON.stringify(result.data['reason_code'] ?? result.code));
      } catch {
        this.#failed += 1;
        client = undefined;
        await delay(100);
      }
    }
  }
}
