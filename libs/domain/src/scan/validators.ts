/** Second looks at a match, for what a regular language cannot say. */
export const VALIDATORS = {
  luhn: isLuhn,
  ssn: isAssignedSsn,
  mixed_characters: isMixed,
} as const;
export type ValidatorName = keyof typeof VALIDATORS;

/** Luhn's check digit (ISO/IEC 7812-1, annex B) over the digits of a text of 13 to 19 digits. */
export function isLuhn(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Whether a social security number lies in a range that is given out (no 000, 666, 9xx; no zero groups). */
export function isAssignedSsn(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  const area = digits.slice(0, 3);
  return (
    digits.length === 9 &&
    area !== '000' &&
    area !== '666' &&
    !area.startsWith('9') &&
    digits.slice(3, 5) !== '00' &&
    digits.slice(5) !== '0000'
  );
}

/** Whether a key-like text mixes letters and digits, which words and numbers do not. */
export function isMixed(text: string): boolean {
  return /\d/.test(text) && /[a-z]/i.test(text);
}
