import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { ServiceContext, tooManyRequests, Turns } from '@behavry/platform';

/** argon2id with the parameters that OWASP names as its first choice for low memory: 19 MiB, two passes. */
// 2 is argon2id; the package declares its names as a const enum, which isolated modules cannot read.
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Each costs 19 MiB and a core for some 30 ms: so many at once, so many waiting, the rest is told to come again. */
const AT_ONCE = 2;
const MAX_WAITING = 64;

/** @returns the hash in PHC form, with its own salt */
export function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

let nobody: Promise<string> | undefined;

/** The work with passwords that strangers can ask for, bounded for the whole process. */
@Injectable()
export class Passwords {
  readonly #turns = new Turns({ atOnce: AT_ONCE, maxWaiting: MAX_WAITING }, () =>
    tooManyRequests('Too many people are signing in at this moment; try again shortly.', 1_000),
  );
  readonly #hashing: Gauge;

  constructor({ metrics }: ServiceContext) {
    this.#hashing = new Gauge({
      name: 'behavry_identity_password_hashing',
      help: 'Passwords that are hashed now.',
      registers: [metrics],
    });
  }

  /** @throws ProblemError 429 when too many wait already */
  hash(password: string): Promise<string> {
    return this.#bounded(() => hashPassword(password));
  }

  /**
   * Checks a password. Without a stored hash it does the same work and says no, so that time does not tell
   * whether a username exists.
   * @throws ProblemError 429 when too many wait already
   */
  check(stored: string | undefined, password: string): Promise<boolean> {
    return this.#bounded(async () => {
      nobody ??= hashPassword('this is nobody');
      const isRight = await verify(stored ?? (await nobody), password);
      return stored !== undefined && isRight;
    });
  }

  #bounded<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      this.#hashing.inc();
      try {
        return await work();
      } finally {
        this.#hashing.dec();
      }
    });
  }
}
