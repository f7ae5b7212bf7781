import { judgeBlastRadius } from '@behavry/domain';
import { refuse } from '../exchange/refusal';
import type { Stage } from './stage';

/** How far would it reach? A shallow delete ends here; what needs a person is folded with policy's verdict. */
export const blastRadiusStage: Stage = {
  name: 'blast-radius',
  run(exchange) {
    const { call, config, examined } = exchange;
    if (call?.handling !== 'decide' || !config) return undefined;
    const found = examined ? examined.blast : judgeBlastRadius(call, config.document.blast_radius);
    if (!found) return undefined;
    const policy = `blast_radius.${found.rule}`;
    if (found.verdict === 'deny') return refuse('blast_radius', found.reason, { policy });
    exchange.blast = {
      verdict: 'escalate',
      reasonCode: 'blast_radius',
      reason: found.reason,
      isReasonConstant: true,
      policy,
      policyId: policy,
      policyVersion: 0,
    };
    return undefined;
  },
};
