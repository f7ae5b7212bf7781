import { refuse } from '../exchange/refusal';
import type { Stage } from './stage';

const UNKNOWN = refuse('agent_unknown', 'a valid agent token is required', {
  isUnauthenticated: true,
  isRecorded: false,
});

/** Who calls? A token of a tenant that this plane does not serve is as good as none. */
export const identifyStage: Stage = {
  name: 'identify',
  run(exchange, guard) {
    exchange.config = guard.plane.config ?? null;
    if (exchange.identity) return undefined;
    const identity = exchange.token === undefined ? undefined : guard.identify.identify(exchange.token);
    if (!identity) return UNKNOWN;
    if (!exchange.config) {
      return refuse('state_stale', 'this plane has no configuration yet', { isRecorded: false });
    }
    if (identity.tenantId !== exchange.config.document.tenant_id) return UNKNOWN;
    exchange.identity = identity;
    return undefined;
  },
};
