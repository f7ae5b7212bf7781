import type { Guard } from '@behavry/pipeline';
import type { SessionStore } from '../sessions/session-store';
import type { UpstreamFactory } from '../upstream/upstream-factory';

/** Everything that handling a request uses: one per process. */
export interface McpParts {
  readonly guard: Guard;
  readonly sessions: SessionStore;
  readonly upstreams: UpstreamFactory;
  readonly makeId: () => string;
  readonly maxBodyBytes: number;
  /** Set when the service is on its way out. */
  readonly shutdown: { hasBegun: boolean };
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}
