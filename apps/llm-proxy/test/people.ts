import { randomUUID } from 'node:crypto';
import type { ClaimAnswer, ClaimRequest, Standing, StandingRequest } from '@behavry/contracts';
import type { TestProxy } from '@behavry/testing';

interface Case {
  readonly id: string;
  readonly key: string;
  readonly request: ClaimRequest;
  state: 'pending' | 'approved' | 'denied' | 'used';
}

/** People who decide by hand, in the place of escalation-worker: each approval is for one call, and used once. */
export class People {
  readonly cases: Case[] = [];
  /** How often somebody asked how escalations stand. */
  asked = 0;

  /** Lets a proxy ask here. */
  constructor({ claims }: TestProxy) {
    claims.answer = (request) => this.#claim(request);
    claims.standing = (request) => this.#standing(request);
  }

  /** Decides all that waits, or the calls of one amount. */
  decide(state: 'approved' | 'denied', amount?: number): void {
    for (const each of this.cases) {
      const { amount: own } = each.request.arguments as { readonly amount?: number };
      if (each.state === 'pending' && (amount === undefined || amount === own)) each.state = state;
    }
  }

  /** Nothing waits, and nothing is approved. */
  forget(): void {
    this.cases.length = 0;
    this.asked = 0;
  }

  #claim(request: ClaimRequest): ClaimAnswer {
    const { agent_id: agent, tool, arguments_digest: digest, policy_version: version } = request;
    const key = JSON.stringify([agent, tool, digest, version]);
    const known = this.cases.find((each) => each.key === key && each.state !== 'used');
    const own: Case = known ?? { id: randomUUID(), key, request, state: 'pending' };
    if (!known) this.cases.push(own);
    const { id, state } = own;
    if (state === 'pending')
      return { state, escalation_id: id, expires_at: new Date(Date.now() + 60_000).toISOString() };
    own.state = 'used';
    return { state: state === 'approved' ? 'approved' : 'denied', escalation_id: id };
  }

  #standing({ agent_id: agent, escalation_ids: ids }: StandingRequest): readonly Standing[] {
    this.asked++;
    return ids.map((id) => {
      const own = this.cases.find((each) => each.id === id && each.request.agent_id === agent);
      if (!own || own.state === 'used') return 'gone';
      return own.state === 'denied' ? 'refused' : own.state;
    });
  }
}
