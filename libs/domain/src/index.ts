export { canonicalJson } from './canonical/canonical-json';
export { auditText, personalFits, saltedDigest } from './hash/audit-text';
export { digestOf, sha256HexOf } from './hash/digest';
export {
  GENESIS_HASH,
  chainHash,
  verifyChain,
  type ChainFault,
  type ChainHead,
  type ChainedRow,
} from './hash/hash-chain';
export { parseStrictJson, type JsonFault } from './json/strict-json';
export { memberSpan } from './json/json-shape';
export { storableJson } from './json/storable-json';
export { strongerVerdict } from './verdict/stronger-verdict';
export { killSwitchFor } from './kill/kill-switch';
export { actionClassOf, normaliseCall, resourceKeyOf, type ActionClass } from './normalise/normalise-action';
export { BLAST_RADIUS_DEFAULTS, judgeBlastRadius, type BlastVerdict } from './blast/blast-radius';
export { costOf, type UsedTokens } from './models/cost';
export { matchesModel } from './models/model-pattern';
export { ModelRules } from './models/model-rules';
export { isLoaderVariable } from './registry/loader-variables';
export { BUILT_IN_DLP_PATTERNS } from './scan/built-in-patterns';
export type { DlpPattern } from './scan/dlp-pattern';
export {
  DlpPatternError,
  PatternSet,
  compilePattern,
  tenantPatterns,
  type CompiledPattern,
} from './scan/pattern-set';
export { TextScanner, scanText } from './scan/text-scanner';
export { pointersOfTexts } from './scan/json-texts';
export { MAX_LISTED, scanJson, type Findings } from './scan/json-scanner';
export { Redaction, redactJson } from './scan/redact';
export type { TextFacts, TextMemory } from './scan/text-memory';
export { InjectionText } from './scan/injection-text';
export { scanInjection } from './scan/injection-scanner';
export { blockingFinding } from './scan/judge-findings';
export {
  NO_ACTIVITY,
  windowOf,
  withEvents,
  type ActivityBaseline,
  type ActivityBucket,
  type AgentActivity,
} from './risk/activity';
export { DENIAL_WINDOW_MINUTES, assessRisk, settleScore, tierOf, type RiskPart } from './risk/risk-score';
export { denialAlertFor } from './risk/denial-alert';
export { isAgentDenial } from './risk/blame';
export { auditFactOf } from './risk/audit-fact';
export {
  MAX_POLICY_BYTES,
  POLICY_CATEGORIES,
  isTestPath,
  packageOf,
  type PackageResult,
  type PolicyFault,
} from './bundle/policy-package';
export { EVERYTHING, type Concerns } from './bundle/concerns';
export { standsAlone } from './bundle/stands-alone';
export { judgeModule } from './bundle/judge-module';
export type { BundleFile, ShippedModule, TenantPolicy } from './bundle/policy-module';
export { bundleFiles, bundleManifest, contentDigest } from './bundle/bundle-files';
export { byCodePoint } from './bundle/bundle-json';
export { signatureFile, signaturePayload, signingInput } from './bundle/bundle-signature';
export { nextRevision } from './bundle/revision';
export { LineEnds } from './sse/line-ends';
