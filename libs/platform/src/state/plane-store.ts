/**
 * Where a plane's shared values lie and its messages pass. Whoever reaches the store may write to it, so what it holds
 * is believed only as far as {@link PlaneSeal} says.
 */
export abstract class PlaneStore {
  abstract readAll(): Promise<ReadonlyMap<string, string>>;
  abstract read(key: string): Promise<string | undefined>;
  /**
   * Puts a text in the place of another.
   * @param present beginning of the text that must still be there; undefined when there must be none
   * @returns whether it was written
   */
  abstract replace(key: string, present: string | undefined, text: string): Promise<boolean>;
  /** Tells everyone who follows the channel. */
  abstract tell(channel: StoreChannel, message: string): Promise<void>;
  /**
   * Calls back with every message of a channel from now on. Reconnects by itself, and then calls back with '', because
   * something may have been missed.
   */
  abstract follow(channel: StoreChannel, heard: (message: string) => void): Promise<void>;
  abstract close(): Promise<void>;
}

/** `changed`: a key whose value is new. `signal`: a sealed signal. */
export type StoreChannel = 'changed' | 'signal';

/** So much of a text tells it from any other: version and signature stand first. */
export const HEAD_CHARACTERS = 80;
