const OTHER_MODULES = /\bdata\b/;

/**
 * Whether a policy can mean nothing but itself and the input. What lies in other modules is reached from the
 * document `data` alone, whose name has one spelling in Rego; the word in a comment or a text counts too, so the
 * answer errs on the safe side.
 */
export function standsAlone({ content }: { readonly content: string }): boolean {
  return !OTHER_MODULES.test(content);
}
