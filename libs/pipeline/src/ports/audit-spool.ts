import type { SpoolEntry } from '@behavry/contracts';

/** Where records are made durable before an answer leaves. */
export interface AuditSpool {
  /** Whether new exchanges must be refused because they could not be recorded. */
  readonly isFull: boolean;
  /**
   * @returns when the entry is on stable storage
   * @throws when it could not be written
   */
  append(entry: SpoolEntry): Promise<void>;
}
