import { MODES } from '@behavry/contracts';
import { apiListener, edgeConfig } from './edge-config';

/** @returns the files of `docker/edge`: a configuration per mode, and the two listeners that it may include */
export function edgeDocuments(): ReadonlyMap<string, string> {
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
