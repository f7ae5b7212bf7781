import { hash, verify } from '@node-rs/argon2';

/** argon2id with the parameters that OWASP names as its first choice for low memory: 19 MiB, two passes. */
// 2 is argon2id; the package declares its names as a const enum, which isolated modules cannot read.
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** @returns the hash in PHC form, with its own salt */
export function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

let nobody: Promise<string> | undefined;

/**
 * Checks a password. Without a stored hash it does the same work and says no, so that time does not tell
 * whether a username exists.
 */
export async function checkPassword(stored: string | undefined, password: string): Promise<boolean> {
  nobody ??= hashPassword('this is nobody');
  const isRight = await verify(stored ?? (await nobody), password);
  return stored !== undefined && isRight;
}
