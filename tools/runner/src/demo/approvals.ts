import { waitUntil } from '@behavry/components';
import { JSON_RPC } from '@behavry/contracts';
import type { PlaneClient } from '../api/plane-client';
import type { CallOutcome } from './mcp-session';
import { promise } from './steps';

interface Escalation {
  readonly id: string;
  readonly status: string;
}

/** A call on its way, and whether it is still held. */
class HeldCall {
  isAnswered = false;
  readonly outcome: Promise<CallOutcome>;

  constructor(call: () => Promise<CallOutcome>) {
    this.outcome = call().finally(() => (this.isAnswered = true));
  }
}

/** What a person does with calls that policy leaves to a person, and what it does to the calls. */
export class Approvals {
  constructor(private readonly person: PlaneClient) {}

  /** Approves a call while it is held. @returns what came back */
  async whileHeld(call: () => Promise<CallOutcome>): Promise<string> {
    const { held, id } = await this.#held(call);
    await this.#resolve(id, 'approve');
    const outcome = await held.outcome;
    promise(outcome.ok, `approved while held, and yet: ${JSON.stringify(outcome)}`);
    return outcome.text;
  }

  /** Lets a call wait in vain, approves it afterwards, and makes it twice more: one approval is good for one call. */
  async afterwards(call: () => Promise<CallOutcome>): Promise<string> {
    const waited = await call();
    promise(!waited.ok && waited.code === JSON_RPC.pending, JSON.stringify(waited));
    await this.#resolve(String(waited.data['escalation_id']), 'approve');
    const approved = await call();
    promise(approved.ok, `approved afterwards, and yet: ${JSON.stringify(approved)}`);
    const { held, id } = await this.#held(call);
    promise(id !== waited.data['escalation_id'], 'the approval was asked for twice');
    await this.#resolve(id, 'deny');
    const denied = await held.outcome;
    promise(!denied.ok && denied.code === JSON_RPC.denied, JSON.stringify(denied));
    return [
      `${waited.code} ${String(waited.data['reason_code'])}`,
      `after approval: ${approved.text}`,
      `once more: ${denied.code} ${String(denied.data['reason_code'])}`,
    ].join('\n');
  }

  /** Makes a call and waits until a person is asked about it, while it is held. */
  async #held(call: () => Promise<CallOutcome>): Promise<{ held: HeldCall; id: string }> {
    const before = new Set((await this.#pending()).map(({ id }) => id));
    const held = new HeldCall(call);
    let id: string | undefined;
    await waitUntil(
      async () => {
        id = (await this.#pending()).find((escalation) => !before.has(escalation.id))?.id;
        return id !== undefined || held.isAnswered;
      },
      { timeoutMs: 15_000, everyMs: 50 },
    );
    if (held.isAnswered) promise(false, `it was not held: ${JSON.stringify(await held.outcome)}`);
    promise(id !== undefined, 'nobody was asked');
    return { held, id };
  }

  async #resolve(id: string, verdict: 'approve' | 'deny'): Promise<void> {
    await this.person.call('POST', `/api/v1/escalations/${id}/${verdict}`, { comment: 'by npm run demo' });
  }

  async #pending(): Promise<readonly Escalation[]> {
    const { escalations } = await this.person.call<{ escalations: Escalation[] }>(
      'GET',
      '/api/v1/escalations?status=pending',
    );
    return escalations;
  }
}
