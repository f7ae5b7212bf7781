import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { DataSource } from 'typeorm';
import {
  DECISION_KEPT_MS,
  type ClaimAnswer,
  type ClaimRequest,
  type Standing,
  type StandingRequest,
} from '@behavry/contracts';
import { ClaimRepository, type Escalation } from '@behavry/db-data';
import { Clock, PlaneState, ServiceContext, uuidv7, withTenant } from '@behavry/platform';
import { claimKeyOf } from '../domain/claim-key';
import { shownTarget } from '../domain/claim-request';
import { deadlineOf } from '../domain/deadline';
import type { EscalationConfig } from '../escalation-worker.config';
import { EscalationService } from '../escalations/escalation.service';
import { payloadText, sealPayload } from './sealed-arguments';
import { DecisionFeed } from './decision-feed';

/**
 * Answers whether exactly this call may go on (architecture: the claim). An approval is used up in the
 * same transaction that reports it, before anything is forwarded.
 */
@Injectable()
export class ClaimService {
  readonly #refused: Counter;

  constructor(
    private readonly database: DataSource,
    private readonly feed: DecisionFeed,
    private readonly state: PlaneState,
    private readonly clock: Clock,
    private readonly context: ServiceContext<EscalationConfig>,
    private readonly escalations: EscalationService,
  ) {
    this.#refused = new Counter({
      name: 'behavry_escalation_claims_refused_total',
      help: 'Claims that were refused because too many calls waited for a person.',
      registers: [context.metrics],
    });
  }

  /**
   * @param signal aborted when the asking proxy went away: nothing is used up for nobody
   * @returns the answer, at the latest after the hold that was asked for
   */
  async claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer | undefined> {
    const until = this.#holdUntil(request);
    const key = claimKeyOf(request);
    const isGone = (): boolean => signal.aborted;
    while (!isGone()) {
      const answer = await this.#ask(key, request);
      if (isGone()) {
        // Nobody heard the answer: whoever asks next gets it.
        if (answer.state !== 'pending' && answer.state !== 'limit')
          await this.#giveBack(request, answer.escalation_id);
        return undefined;
      }
      const remaining = until - this.clock.now();
      if (answer.state !== 'pending' || remaining <= 0) return answer;
      await this.feed.wait(answer.escalation_id, remaining, signal);
    }
    return undefined;
  }

  /**
   * Says how escalations stand; uses nothing up.
   * @param signal aborted when the asking proxy went away
   * @returns in the order of the ids; while one is pending and none refused at the latest after the hold
   */
  async standing(request: StandingRequest, signal: AbortSignal): Promise<readonly Standing[]> {
    const { tenant_id: tenantId, agent_id: agentId, escalation_ids: ids } = request;
    const until = this.#holdUntil(request);
    for (;;) {
      const now = this.clock.now();
      const states = await withTenant(this.database, tenantId, (manager) =>
        new ClaimRepository(manager, tenantId).standing(
          agentId,
          ids,
          new Date(now),
          new Date(now - DECISION_KEPT_MS),
        ),
      );
      const isOver = !states.includes('pending') || states.includes('refused') || states.includes('gone');
      const waiting = ids[states.indexOf('pending')];
      if (isOver || waiting === undefined || until <= now || signal.aborted) return states;
      await this.feed.wait(waiting, until - now, signal);
    }
  }

  #holdUntil({ hold_ms: holdMs }: Pick<ClaimRequest, 'hold_ms'>): number {
    return this.clock.now() + Math.min(holdMs, this.context.config.maxHoldSeconds * 1000);
  }

  #giveBack({ tenant_id: tenantId, decision_id: decisionId }: ClaimRequest, id: string): Promise<void> {
    return withTenant(this.database, tenantId, (manager) =>
      new ClaimRepository(manager, tenantId).giveBack(id, decisionId),
    );
  }

  #ask(key: string, request: ClaimRequest): Promise<ClaimAnswer> {
    return withTenant(this.database, request.tenant_id, async (manager) => {
      const claims = new ClaimRepository(manager, request.tenant_id);
      await claims.lockCall(key);
      const now = new Date(this.clock.now());
      const since = new Date(now.getTime() - DECISION_KEPT_MS);
      await claims.expireCall(key, now);
      const approved = await claims.takeApproval(key, request.decision_id, now, since);
      if (approved) return { state: 'approved', escalation_id: approved.id };
      const refused = await claims.takeRefusal(key, request.decision_id, now, since);
      if (refused)
        return { state: refused.status === 'expired' ? 'expired' : 'denied', escalation_id: refused.id };
      const waiting = await claims.waiting(key);
      if (!waiting && (await this.#isFull(claims, request))) return { state: 'limit' };
      const { id, expiresAt } = waiting ?? (await this.#open(claims, key, request, now));
      return { state: 'pending', escalation_id: id, expires_at: expiresAt.toISOString() };
    });
  }

  /** Whether so much waits already that people could not look at more. */
  async #isFull(claims: ClaimRepository, { agent_id: agentId }: ClaimRequest): Promise<boolean> {
    const { maxOpen, maxOpenPerAgent } = this.context.config;
    const { agent, tenant } = await claims.openCounts(agentId);
    if (agent < maxOpenPerAgent && tenant < maxOpen) return false;
    this.#refused.inc();
    this.context.log.warn(
      { agent: agentId, of_agent: agent, in_all: tenant },
      'too many calls wait for a person',
    );
    return true;
  }

  #open(claims: ClaimRepository, claimKey: string, request: ClaimRequest, now: Date): Promise<Escalation> {
    const settings = this.state.get('config')?.value.escalation;
    const id = uuidv7(now.getTime());
    this.context.log.info(
      { escalation: id, agent: request.agent_id, tool: request.tool },
      'a call waits for a person',
    );
    this.escalations.opened();
    return claims.open({
      id,
      claimKey,
      request,
      target: shownTarget(request.target),
      sealedArguments: sealPayload(this.context.keys, payloadText(request)),
      createdAt: now,
      expiresAt: deadlineOf(now.getTime(), request.risk_tier, settings),
    });
  }
}
