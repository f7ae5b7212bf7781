import { MODEL_PROVIDER_KINDS } from '@behavry/contracts';

/** What a pattern says of models, taken apart once. */
export interface ModelPattern {
  /** Undefined: of every provider. */
  readonly provider: string | undefined;
  /** In lower case, without the `*`. */
  readonly name: string;
  readonly isPrefix: boolean;
}

/**
 * Takes a pattern apart: `provider/model` or `model`, exact or with `*` at the end. What stands before the first slash is a
 * provider when it is one of the known kinds, else it belongs to the model's name (`meta-llama/llama-3`).
 */
export function modelPattern(pattern: string): ModelPattern {
  const text = pattern.toLowerCase();
  const slash = text.indexOf('/');
  const provider = MODEL_PROVIDER_KINDS.find((kind) => kind === text.slice(0, slash));
  return namePattern(provider === undefined ? text : text.slice(slash + 1), provider);
}

/** @returns the pattern of a name of one provider, exact or with `*` at the end; of every provider without one */
export function namePattern(pattern: string, provider: string | undefined): ModelPattern {
  const text = pattern.toLowerCase();
  const isPrefix = text.endsWith('*');
  return { provider, name: isPrefix ? text.slice(0, -1) : text, isPrefix };
}

/**
 * The names that a model goes by at its provider, in lower case, as asked for first: where a provider takes one model
 * by several names, what is said of one of them holds for all.
 */
export function modelNames(provider: string, model: string): readonly string[] {
  const name = model.toLowerCase();
  if (provider === 'gemini') return name.startsWith('models/') ? [name, name.slice(7)] : [name];
  if (provider !== 'ollama') return [name];
  const short = name.replace(/^(?:https?:\/\/)?(?:registry\.ollama\.ai\/)?(?:library\/)?/, '');
  const plain = short.replace(/:latest$/, '');
  return [...new Set([name, short, plain, plain.includes(':') ? plain : `${plain}:latest`])];
}

/** @returns whether a pattern names a model of a provider */
export function matchesModel(pattern: string, provider: string, model: string): boolean {
  const { provider: of, name, isPrefix } = modelPattern(pattern);
  if (of !== undefined && of !== provider) return false;
  return modelNames(provider, model).some((each) => (isPrefix ? each.startsWith(name) : each === name));
}
