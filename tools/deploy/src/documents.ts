import { MODES } from '@behavry/contracts';
import { apiListener, edgeConfig } from './edge/edge-config';

/**
 * Files of `docker/` and `k8s/` that follow from the route table and the lists of apps: `npm run generate` writes them,
 * `npm run check` compares them.
 * @returns content by path, relative to the workspace
 */
export function deployDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ...MODES.map(
      (mode) =>
        [`docker/edge/nginx.${mode}.conf`, edgeConfig({ mode, target: 'compose', api: 'included' })] as const,
    ),
    ...[true, false].map(
      (isTls) => [`docker/edge/api-tls-${String(isTls)}.conf`, `${apiListener(isTls)}\n`] as const,
    ),
  ]);
}
