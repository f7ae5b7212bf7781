import type { AppName } from '../apps';

/** One queue: its versioned name, who fills it, the one app that empties it, and how failures are treated. */
export interface QueueDefinition<Payload> {
  readonly name: string;
  readonly producers: readonly AppName[];
  readonly consumer: AppName;
  readonly attempts: number;
  /** First delay of the exponential back-off, in ms. */
  readonly backoffMs: number;
  /** Completed jobs that are kept, for a look at what happened. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
  /** Narrows a job's data; a payload that does not fit is failed for good. */
  readonly accepts: (data: unknown) => data is Payload;
  /** What the signature of a job covers: all that its consumer reads of it. */
  readonly signedText: (payload: Payload) => string;
}
