import { COMMON_PASSWORDS } from './common-passwords';

export const MIN_PASSWORD_CHARACTERS = 12;
/** More would be hashed alike, and cost more. */
export const MAX_PASSWORD_CHARACTERS = 1024;

/**
 * Why a new password is not taken: too short, what everybody tries first, or the own name. Nothing is asked of its
 * composition (NIST SP 800-63B, 3.1.1.2).
 * @param names username and address, as far as there are any
 * @returns a sentence for the person; undefined when it may be set
 */
export function passwordFault(password: string, names: readonly (string | null)[]): string | undefined {
  const characters = Array.from(password).length;
  if (characters < MIN_PASSWORD_CHARACTERS)
    return `must have at least ${String(MIN_PASSWORD_CHARACTERS)} characters`;
  if (password.length > MAX_PASSWORD_CHARACTERS)
    return `must have at most ${String(MAX_PASSWORD_CHARACTERS)} characters`;
  const core = coreOf(password);
  const own = names.flatMap((name) => (name === null ? [] : [name, name.split('@')[0] ?? '']));
  if (own.some((name) => isNearly(core, coreOf(name))))
    return 'must not be the name with something beside it';
  if (isMonotonous(password) || COMMON_PASSWORDS.has(core) || COMMON_PASSWORDS.has(period(core)))
    return 'is among the passwords that are tried first; choose another, for example four words by chance';
  return undefined;
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** What is left of a password when digits and signs at its ends are taken off and digits among letters are read as letters. */
function coreOf(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase();
  const inner = lower.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const read = Array.from(inner, (character) => LEET[character] ?? character).join('');
  return read.replace(/[^\p{L}]/gu, '');
}

/** A name in a password counts when hardly anything else is in it. */
function isNearly(core: string, name: string): boolean {
  return name.length >= 3 && (core === name || period(core) === name);
}

/** @returns the shortest part that a text repeats */
function period(text: string): string {
  for (let length = 1; length <= text.length / 2; length += 1)
    if (text.length % length === 0 && text === text.slice(0, length).repeat(text.length / length))
      return text.slice(0, length);
  return text;
}

/** One character, or a run of neighbours (`1234…`, `abcd…`, backwards too), over and over. */
function isMonotonous(text: string): boolean {
  const codes = Array.from(text.toLowerCase(), (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const even = steps.filter((step) => Math.abs(step) <= 1).length;
  return even >= steps.length - 2;
}
