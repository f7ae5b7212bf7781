import { isObject } from '../json';
import type { QueueDefinition } from './queue-definition';

/** Which of a tenant's two documents may have changed. */
export interface BundleBuildPayload {
  readonly tenant_id: string;
  readonly part: 'policy' | 'config';
}

/** A hint that a tenant's content changed; a sweep in bundle-server converges when one is lost. */
export const BUNDLE_BUILD_QUEUE: QueueDefinition<BundleBuildPayload> = {
  name: 'bundle.build.v1',
  producers: ['policy-service', 'identity-jwks'],
  consumer: 'bundle-server',
  attempts: 5,
  backoffMs: 100,
  keepCompleted: 0,
  keepFailed: 100,
  accepts: (data): data is BundleBuildPayload =>
    isObject(data) &&
    typeof data['tenant_id'] === 'string' &&
    (data['part'] === 'policy' || data['part'] === 'config'),
  signedText: ({ tenant_id, part }) => `${tenant_id}\n${part}`,
};
