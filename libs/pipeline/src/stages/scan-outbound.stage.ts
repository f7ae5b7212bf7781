import { blockingFinding, scanJson } from '@behavry/domain';
import { refuse } from '../exchange/refusal';
import type { Stage } from './stage';

/** Does it carry a secret out? Critical and high findings end the exchange, the others are for policy and audit. */
export const scanOutboundStage: Stage = {
  name: 'scan-outbound',
  run(exchange) {
    const { call, config } = exchange;
    if (call?.handling !== 'decide' || !config) return undefined;
    const findings = scanJson(call.arguments, config.patterns);
    exchange.dlpFindings = findings;
    if (findings.length === 0) return undefined;
    const blocking = blockingFinding(findings);
    exchange.dlpAction = blocking ? 'blocked' : 'logged';
    return blocking
      ? refuse('dlp_blocked', `the call carries ${blocking.pattern}`, { policy: `dlp.${blocking.pattern}` })
      : undefined;
  },
};
