import type { Severity } from '@behavry/contracts';

/** Kinds of text that gives orders to the one who reads it (semantics: scanning), and the most that each can be. */
export const INJECTION_CLASSES = {
  imperative_command: 'critical',
  authority_claim: 'critical',
  permission_expansion: 'critical',
  role_reassignment: 'high',
  encoded_payload: 'high',
  structured_escalation: 'high',
  urgency_framing: 'medium',
} as const satisfies Readonly<Record<string, Severity>>;
export type InjectionClass = keyof typeof INJECTION_CLASSES;

/** One thing to look for in normalised text. */
export interface InjectionRule {
  readonly class: InjectionClass;
  /** What it adds: 1 is enough by itself to withhold a result. */
  readonly weight: number;
  /** RE2 syntax. */
  readonly pattern: string;
}

/** What stands between two words. */
const S = String.raw`\W{1,4}`;
/** Up to some words in between. */
const gap = (words: number): string => String.raw`(?:\W{1,4}\w{1,16}){0,${words}}\W{1,4}`;
const rule = (kind: InjectionClass, weight: number, pattern: string): InjectionRule => ({
  class: kind,
  weight,
  pattern: `(?i)${pattern}`,
});

const OVERRIDE = String.raw`\b(?:ignore|disregard|forget|override|bypass|discard|dismiss)`;
const ORDERS = String.raw`(?:instructions?|prompts?|rules|directives?|guidelines|commands?|programming|training)\b`;
const MACHINE = String.raw`(?:ai|llms?|(?:large${S})?language${S}models?|assistants?|agents?|chatbots?|models?)\b`;
const SECRETS = String.raw`(?:api\W?keys?|passwords?|secrets?|credentials|access\W?tokens?|environment${S}variables|private${S}keys?|chat${S}history|conversation)\b`;

export const INJECTION_RULES: readonly InjectionRule[] = [
  rule('imperative_command', 1, `${OVERRIDE}${gap(3)}(?:previous|prior|above|earlier|preceding|original|your|system|all)${gap(3)}${ORDERS}`),
  rule('imperative_command', 1, `${OVERRIDE}${S}(?:previous|prior|above|earlier|your|all)${S}${ORDERS}`),
  rule('imperative_command', 0.5, `${OVERRIDE}${S}(?:the|any|these|those)${S}(?:\\w{1,16}${S})?${ORDERS}`),
  rule('imperative_command', 0.7, `${OVERRIDE}${S}everything${gap(2)}(?:above|before|said|told|previously)\\b`),
  rule('imperative_command', 0.8, `\\byour${S}(?:new|real|actual|only|true)${S}(?:task|instructions?|objective|goal|mission|job)${S}(?:is|are)\\b`),
  rule('imperative_command', 0.7, `\\b(?:note|message|instructions?|attention|notice|directives?)${S}(?:to|for)${S}(?:(?:the|any|all)${S})?(?:ai${S})?${MACHINE}`),
  rule('imperative_command', 0.7, `\\bif${S}you${S}are${S}(?:an?${S})?(?:ai\\b|llm\\b|language${S}model|ai${S}assistant|automated${S}agent)`),
  rule('imperative_command', 0.5, `\\bwhen${S}(?:summari[sz]ing|reading|processing|answering)${gap(5)}(?:always|also|say|state|include|add|send|call)\\b`),
  rule('imperative_command', 0.4, `\\b(?:call|invoke|use|run|execute)${S}(?:the${S})?(?:tool${S}|function${S})?[a-z]{2,20}_[a-z_]{2,40}\\W{1,3}(?:with|before|to|and)\\b`),
  rule('imperative_command', 0.7, `\\bbefore${S}(?:answering|responding|replying|you${S}(?:answer|respond|reply))${gap(3)}(?:send|call|read|open|run|fetch|post|include)\\b`),
  rule('imperative_command', 0.4, `\\b(?:send|post|forward|upload|e-?mail|transmit|exfiltrate|leak)${gap(8)}to\\W{1,3}(?:https?://|[a-z0-9._%+-]{1,40}@)`),
  rule('imperative_command', 0.6, `\\b(?:send|post|forward|upload|exfiltrate|reveal|leak|output)${gap(4)}${SECRETS}`),
  rule('imperative_command', 0.3, `(?:\\.env\\b|\\bid_rsa\\b|\\.ssh/|credentials\\.json|/etc/shadow|\\.aws/credentials)`),
  rule('imperative_command', 0.7, `\\b(?:reveal|print|repeat|output|show|display|disclose)${gap(3)}(?:system|initial|hidden|original)${S}(?:prompt|instructions?|message)\\b`),
  rule('imperative_command', 0.5, `\\b(?:delete|erase|drop|wipe)${S}(?:all|every|the${S}entire)${S}(?:\\w{1,16}${S})?(?:files?|data|tables?|databases?|records|backups|repositories)\\b`),
  rule('imperative_command', 0.4, `\\b(?:respond|reply|answer)${S}only${S}with\\b`),
  rule('imperative_command', 0.8, String.raw`!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&][a-z]{1,20}=(?:\{|<|\[|%7b)`),
  rule('imperative_command', 0.9, `\\b(?:ignoriere?n?|vergiss)${gap(4)}(?:anweisungen|befehle|vorgaben|regeln)\\b`),
  rule('imperative_command', 0.9, `\\b(?:ignorez?|oubliez?)${gap(4)}(?:instructions|consignes|directives)${S}(?:precedentes|anterieures|du)\\b`),
  rule('imperative_command', 0.9, `\\b(?:ignora|ignore|olvida|esqueca)${gap(4)}(?:instrucciones|instrucoes|istruzioni)\\b`),
  rule('imperative_command', 0.9, `\\bnegeer${gap(4)}(?:instructies|opdrachten)\\b`),
  rule('imperative_command', 0.9, `(?:忽略|无视)[^\\n]{0,8}(?:指令|指示|说明|提示)`),
  rule('imperative_command', 0.9, `指示を(?:すべて|全て)?無視`),

  rule('authority_claim', 0.6, `\\b(?:system|admin(?:istrator)?|developer|security)${S}override\\b`),
  rule('authority_claim', 0.7, `\\b(?:message|instruction|order|request|directive)s?${S}(?:from|by)${S}(?:your|the)${S}(?:system${S})?(?:administrator|developers?|owner|operator|security${S}team)\\b`),
  rule('authority_claim', 0.4, `\\b(?:approved|authori[sz]ed|verified)${S}by${S}(?:the${S}|your${S})?(?:security${S}team|administrators?|developers?|management|operator)\\b`),
  rule('authority_claim', 0.6, `\\b(?:developer|debug|maintenance|god|admin)${S}mode${S}(?:is${S}|has${S}been${S})?(?:now${S})?(?:enabled|activated|on)\\b`),
  rule('authority_claim', 0.6, `\\bas${S}your${S}(?:administrator|developer|creator|owner|operator|supervisor)\\b`),

  rule('permission_expansion', 0.6, `\\byou${S}(?:are|have${S}been)${S}(?:now${S})?(?:authori[sz]ed|permitted|cleared|granted)${S}(?:to|full|access|all)\\b`),
  rule('permission_expansion', 0.6, `\\bwithout${S}asking${S}(?:the${S}user|for${S}(?:permission|approval|confirmation))`),
  rule('permission_expansion', 0.4, `\\bno${S}(?:further${S}|user${S})?(?:confirmation|approval|permission)${S}(?:is${S})?(?:needed|required|necessary)\\b`),
  rule('permission_expansion', 0.6, `\\b(?:disable|turn${S}off|deactivate|bypass)${S}(?:all${S}|the${S}|your${S}|any${S})?(?:safety|security|content|guardrails?)${S}(?:checks?|filters?|controls|guidelines|policies|rules)`),
  rule('permission_expansion', 0.8, `\\b(?:do${S}not|don\\W?t|never)${S}(?:tell|inform|mention|reveal|notify|alert)${gap(4)}(?:user|human|anyone|owner|operator)\\b`),
  rule('permission_expansion', 0.5, `\\b(?:full|unrestricted|unlimited|root)${S}(?:access|permissions?|privileges?)${S}(?:is|are|has${S}been|was)${S}granted\\b`),

  rule('role_reassignment', 0.4, `\\byou${S}are${S}(?:now|no${S}longer)\\b`),
  rule('role_reassignment', 0.6, `\\b(?:act|behave|respond|pretend)${S}(?:as|to${S}be)${S}(?:if${S}you${S}(?:are|were)${S})?(?:an?${S})?(?:unrestricted|unfiltered|uncensored|jailbroken|different)\\b`),
  rule('role_reassignment', 0.6, `\\bdo${S}anything${S}now\\b`),
  rule('role_reassignment', 0.5, `\\bfrom${S}now${S}on${S}you\\b`),

  rule('structured_escalation', 0.7, String.raw`<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id)\|>`),
  rule('structured_escalation', 0.7, String.raw`(?:\[/?inst\]|<</?sys>>)`),
  rule('structured_escalation', 0.7, String.raw`</?(?:system|document|context|tool_result|user_input|instructions?)>\W{0,10}(?:you|ignore|now|must|disregard|system)\b`),
  rule('structured_escalation', 0.5, String.raw`"role"\s{0,3}:\s{0,3}"(?:system|developer)"`),
  rule('structured_escalation', 0.7, `(?:---|===|###)\\W{0,3}(?:end${S}of${S}(?:document|file|context|input|data)|begin${S}(?:system|new)${S}(?:prompt|instructions?))\\b`),
  rule('structured_escalation', 0.6, String.raw`\n\s{0,4}(?:system|assistant)\s{0,2}:\s{0,2}(?:you|ignore|new|override)\b`),
  rule('structured_escalation', 0.5, String.raw`<!--[^>]{0,200}\b(?:ai|llm|assistant|ignore|instructions?)\b`),

  rule('urgency_framing', 0.2, `\\b(?:urgent(?:ly)?|immediately|at${S}once|without${S}delay|right${S}now)\\b`),
]; // prettier-ignore
