import { agentStatusStage } from './agent-status.stage';
import { blastRadiusStage } from './blast-radius.stage';
import { decideStage } from './decide.stage';
import { holdStage } from './hold.stage';
import { identifyStage } from './identify.stage';
import { parseStage } from './parse.stage';
import { rateLimitStage } from './rate-limit.stage';
import { relationshipsStage } from './relationships.stage';
import { scanOutboundStage } from './scan-outbound.stage';
import type { Stage } from './stage';

/** What happens before an exchange is forwarded, in this order (architecture: one exchange). */
export const STAGES: readonly Stage[] = [
  identifyStage,
  agentStatusStage,
  rateLimitStage,
  parseStage,
  relationshipsStage,
  blastRadiusStage,
  scanOutboundStage,
  decideStage,
  holdStage,
];

/** What happens from then on; `runExchange` holds these steps, because they overlap. */
export const CLOSING_STAGES = ['forward', 'scan-inbound', 'data-protection', 'audit', 'answer'] as const;
