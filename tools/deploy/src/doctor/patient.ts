/** One process as the doctor finds it, whatever it runs on. Everything may be missing. */
export interface Patient {
  /** As it is written in files: plane and app, for example `data/mcp-proxy`. */
  readonly name: string;
  readonly app: string;
  /** Base URL of its ops port. */
  readonly opsUrl?: string;
  /** Its environment as it runs; undefined where it cannot be read. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The end of what it logged. */
  readonly log?: string;
  /** What the system says of it, for example `running, restarted 3 times`. */
  readonly state?: string;
  readonly isRunning?: boolean;
}

/** What was found where the doctor was sent. */
export interface Visit {
  readonly patients: readonly Patient[];
  /** Base URLs of planes. */
  readonly planes: readonly string[];
  /** Values that must not leave, beside those of the environments. */
  readonly secrets: readonly string[];
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}
