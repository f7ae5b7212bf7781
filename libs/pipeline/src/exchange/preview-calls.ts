import type { Call } from './call';
import { decisionInput } from './decision-input';
import type { Exchange } from './exchange';
import type { Guard } from './guard';

/** `unknown`: the engine gave no decision. */
export type Preview = 'visible' | 'hidden' | 'unknown';

const AT_ONCE = 16;

/**
 * What policy would say to calls of this agent, without recording them: a list hides what is denied
 * (semantics: MCP methods).
 * @returns one answer for each call, in order
 */
export async function previewCalls(
  guard: Guard,
  exchange: Exchange,
  calls: readonly Call[],
): Promise<readonly Preview[]> {
  const previews: Preview[] = calls.map(() => 'unknown');
  const waiting = calls.entries();
  const work = async (): Promise<void> => {
    for (const [index, call] of waiting) {
      if (exchange.stopReason) return;
      const answer = await guard.engine.decide(decisionInput(exchange, call));
      if (answer.ok) previews[index] = answer.decision.result === 'deny' ? 'hidden' : 'visible';
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, calls.length) }, work));
  return previews;
}
