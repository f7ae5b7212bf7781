import { randomBytes } from 'node:crypto';
import { sha256 } from '@behavry/platform';
import type { PasswordLink } from './person-records';

const HOUR_MS = 3_600_000;

/** What a link is for, and how long it is good. */
const LINKS = {
  invite: { hours: 72 },
  reset: { hours: 24 },
} as const;
export type LinkKind = keyof typeof LINKS;

export interface NewLink extends PasswordLink {
  /** Shown once. The token stands in the fragment, which no browser sends, so that no log holds it. */
  readonly url: string;
}

/** @param publicUrl base URL of the plane */
export function newLink(kind: LinkKind, publicUrl: string, now: number): NewLink {
  const token = `lnk_${randomBytes(32).toString('base64url')}`;
  return {
    sha256: sha256(token),
    expiresAt: new Date(now + LINKS[kind].hours * HOUR_MS),
    url: `${publicUrl.replace(/\/+$/, '')}/#${kind}=${token}`,
  };
}
