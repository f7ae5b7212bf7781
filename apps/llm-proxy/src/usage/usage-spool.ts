import type { SpoolEntry } from '@behavry/contracts';
import type { AuditSpool, Exchange } from '@behavry/pipeline';
import type { Counter } from 'prom-client';
import type { Usage } from '../domain/openai/usage';

/** A spool that puts an exchange's token counts into its outcome. */
export class UsageSpool implements AuditSpool {
  readonly #usage = new Map<string, Usage>();

  constructor(
    private readonly spool: AuditSpool,
    private readonly tokens: Counter<'side'>,
  ) {}

  get isFull(): boolean {
    return this.spool.isFull;
  }

  /** What the provider counted; the last word before the exchange is settled is recorded. */
  note({ id, settlement }: Exchange, usage: Usage): void {
    if (settlement === null) this.#usage.set(id, usage);
  }

  append(entry: SpoolEntry): Promise<void> {
    const usage = entry.type === 'outcome' ? this.#usage.get(entry.id) : undefined;
    if (!usage) return this.spool.append(entry);
    this.#usage.delete(entry.id);
    this.tokens.inc({ side: 'prompt' }, usage.prompt_tokens);
    this.tokens.inc({ side: 'completion' }, usage.completion_tokens);
    return this.spool.append({ ...entry, extra: { ...entry.extra, usage } });
  }
}
