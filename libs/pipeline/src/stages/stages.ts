import { agentStatusStage, toolStatusStage } from './agent-status.stage';
import { blastRadiusStage } from './blast-radius.stage';
import { decideStage } from './decide.stage';
import { holdStage } from './hold.stage';
import { identifyStage } from './identify.stage';
import { callLimitStage, largeLimitStage, rateLimitStage, turnStage } from './limit.stages';
import { parseStage } from './parse.stage';
import { scanOutboundStage } from './scan-outbound.stage';
import type { Stage } from './stage';

/** Everything that happens before an exchange is forwarded, in this order (architecture: one exchange). */
export const STAGES: readonly Stage[] = [
  identifyStage,
  turnStage,
  agentStatusStage,
  rateLimitStage,
  largeLimitStage,
  parseStage,
  toolStatusStage,
  callLimitStage,
  blastRadiusStage,
  scanOutboundStage,
  decideStage,
  holdStage,
];
