// How much a request lets a model write, as far as what every dialect says of it goes.

/** Of a request that does not say it, or says it in a way that its provider may take for anything. */
export const DEFAULT_ANSWER_TOKENS = 4_096;
/** No model writes more, whatever is asked: what one call may reserve of a budget that others share is bounded. */
const MOST_TOKENS = 200_000;
const MOST_ANSWERS = 16;

/** @param asked members that may say it, each as it came @returns the most tokens of one answer */
export function mostTokens(...asked: readonly unknown[]): number {
  const said = asked.filter((value) => value !== undefined && value !== null).map(tokensIn);
  return said.length === 0 ? DEFAULT_ANSWER_TOKENS : Math.max(...said);
}

/** @param asked members that may say it, each as it came @returns how many answers to one prompt are written */
export function answersOf(...asked: readonly unknown[]): number {
  return Math.max(1, ...asked.map((value) => Math.min(MOST_ANSWERS, Math.ceil(numberIn(value) || 0))));
}

// Below one, or no whole number: some servers take that for "as much as there is", others for their default.
function tokensIn(value: unknown): number {
  const tokens = numberIn(value);
  if (Number.isInteger(tokens) && tokens > 0) return Math.min(tokens, MOST_TOKENS);
  return tokens > DEFAULT_ANSWER_TOKENS ? Math.min(Math.ceil(tokens), MOST_TOKENS) : DEFAULT_ANSWER_TOKENS;
}

/** Google's servers take a text for a number too. */
function numberIn(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}
