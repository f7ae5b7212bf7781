import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, sha256 } from '@behavry/platform';
import { AGENT_RULE, FailureMemory } from '../domain/throttle';
import { AgentDirectory } from './agent-directory';
import { TokenSigner, type SignedToken } from './token-signer';

export type AgentTokenResult =
  | { readonly state: 'issued'; readonly agentId: string; readonly signed: SignedToken }
  | { readonly state: 'invalid' }
  | { readonly state: 'suspended' }
  | { readonly state: 'throttled'; readonly waitMs: number };

const NOBODY = randomBytes(32);

/** Client credentials of agents (semantics: identity). */
@Injectable()
export class AgentTokenService {
  readonly #failures = new FailureMemory(AGENT_RULE);

  constructor(
    private readonly directory: AgentDirectory,
    private readonly signer: TokenSigner,
    private readonly clock: Clock,
  ) {}

  /**
   * @param address where the request came from. A right secret is never kept waiting, because 256 random
   *   bits cannot be guessed and an agent must not be shut out by someone else's failures
   */
  async issue(clientId: string, clientSecret: string, address: string): Promise<AgentTokenResult> {
    const key = `${clientId} ${address}`;
    const waitMs = this.#failures.waitMs(key, this.clock.now());
    const agent = waitMs > 0 ? await this.directory.findNow(clientId) : await this.directory.find(clientId);
    const isRight = timingSafeEqual(sha256(clientSecret), agent?.secretSha256 ?? NOBODY);
    if (!agent || !isRight || agent.status === 'deprovisioned') {
      if (waitMs > 0) return { state: 'throttled', waitMs };
      this.#failures.fail(key, this.clock.now());
      return { state: 'invalid' };
    }
    this.#failures.forgive(key);
    if (agent.status === 'suspended') return { state: 'suspended' };
    return { state: 'issued', agentId: agent.id, signed: await this.signer.forAgent(agent) };
  }
}
