export { canonicalJson } from './canonical/canonical-json';
export { auditText, personalFits, saltedDigest } from './hash/audit-text';
export { digestOf, sha256HexOf } from './hash/digest';
export {
  GENESIS_HASH,
  chainHash,
  verifyChain,
  type ChainFault,
  type ChainHead,
  type ChainReport,
  type ChainedRow,
} from './hash/hash-chain';
export {
  STRICT_JSON_LIMITS,
  parseStrictJson,
  type JsonFault,
  type StrictJson,
  type StrictJsonLimits,
} from './json/strict-json';
export { memberSpan } from './json/json-shape';
export { storableJson } from './json/storable-json';
export { strongerVerdict } from './verdict/stronger-verdict';
export { killSwitchFor, type KillTarget } from './kill/kill-switch';
export {
  actionClassOf,
  normaliseCall,
  resourceKeyOf,
  resourceOf,
  toolClassOf,
  verbOf,
  type ActionClass,
  type NormalisedCall,
} from './normalise/normalise-action';
export {
  BLAST_RADIUS_DEFAULTS,
  judgeBlastRadius,
  type BlastCall,
  type BlastRule,
  type BlastVerdict,
} from './blast/blast-radius';
export { isLoaderVariable } from './registry/loader-variables';
export { BUILT_IN_DLP_PATTERNS } from './scan/built-in-patterns';
export type { DlpPattern } from './scan/dlp-pattern';
export { isLuhn } from './scan/validators';
export {
  DlpPatternError,
  PatternSet,
  compilePattern,
  tenantPatterns,
  type CompiledPattern,
} from './scan/pattern-set';
export { AFFORDABLE, checkPatternCost, measurePatternCost, type PatternCost } from './scan/pattern-cost';
export { TextScanner, scanText } from './scan/text-scanner';
export { MAX_LISTED, scanJson, type Findings } from './scan/json-scanner';
export { Redaction, redactJson } from './scan/redact';
export { InjectionText } from './scan/injection-text';
export { scanInjection } from './scan/injection-scanner';
export { blockingFinding } from './scan/judge-findings';
export {
  NO_ACTIVITY,
  windowOf,
  withEvents,
  type ActivityBaseline,
  type ActivityBucket,
  type ActivityEvent,
  type ActivityWindow,
  type AgentActivity,
} from './risk/activity';
export {
  DENIAL_WINDOW_MINUTES,
  LEARNING_MINUTES,
  RISK_WEIGHTS,
  VOLUME_WINDOW_MINUTES,
  assessRisk,
  settleScore,
  tierOf,
  type RiskAssessment,
  type RiskPart,
  type RiskPartName,
} from './risk/risk-score';
export { denialAlertFor, type DenialAlert } from './risk/denial-alert';
export { isAgentDenial } from './risk/blame';
export { auditFactOf } from './risk/audit-fact';
export {
  MAX_POLICY_BYTES,
  POLICY_CATEGORIES,
  SIMPLE_CATEGORY,
  isTestPath,
  packageOf,
  type PackageResult,
  type PolicyCategory,
  type PolicyFault,
  type PolicyPackage,
} from './bundle/policy-package';
export { EVERYTHING, concernsOfText, type ConcernCondition, type Concerns } from './bundle/concerns';
export { standsAlone } from './bundle/stands-alone';
export { judgeModule, type ModuleJudgement } from './bundle/judge-module';
export type { BundleContent, BundleFile, ShippedModule, TenantPolicy } from './bundle/policy-module';
export {
  BUNDLE_BUILDER_VERSION,
  bundleFiles,
  bundleManifest,
  contentDigest,
  type BundleStamp,
} from './bundle/bundle-files';
export { bundleJson, byCodePoint } from './bundle/bundle-json';
export { signatureFile, signaturePayload, signingInput } from './bundle/bundle-signature';
export { nextRevision } from './bundle/revision';
export { LineEnds } from './sse/line-ends';
