import { createHmac } from 'node:crypto';
import type { AppName } from '@behavry/contracts';
import { equalInConstantTime } from '../keys/hash';
import type { PlaneKeys } from '../keys/plane-keys';

export interface Sealed {
  readonly version: number;
  readonly text: string;
}

/**
 * Signs what apps of a plane share, so that a stranger who reaches the store cannot speak for one of them. Every app
 * writes with a key of its own; every holder of plane.key can derive it, so this tells apps from strangers, not from
 * each other.
 */
export class PlaneSeal {
  readonly #keys = new Map<AppName, Buffer>();

  constructor(private readonly keys: PlaneKeys) {}

  /**
   * @param name what is written: a signature of one name is worth nothing under another
   * @returns `version signature text`
   */
  close(app: AppName, name: string, { version, text }: Sealed): string {
    return `${String(version)} ${this.#signature(app, name, String(version), text)} ${text}`;
  }

  /** @returns what the app wrote under the name; undefined when it did not */
  open(app: AppName, name: string, sealed: string): Sealed | undefined {
    const [, version = '', signature = '', text = ''] = /^(\d{1,16}) (\S{43}) ([^]*)$/.exec(sealed) ?? [];
    if (!equalInConstantTime(signature, this.#signature(app, name, version, text))) return undefined;
    return { version: Number(version), text };
  }

  #signature(app: AppName, name: string, version: string, text: string): string {
    const key = this.#keys.get(app) ?? this.keys.derive(`plane-state/${app}`);
    this.#keys.set(app, key);
    return createHmac('sha256', key).update(`${name}\n${version}\n${text}`).digest('base64url');
  }
}
