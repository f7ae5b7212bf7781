import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planeFile, readCompose } from './compose/plane-files';
import { edgeDocuments } from './edge/edge-documents';
import { observabilityDocuments } from './observability/documents';

/**
 * Files of `docker/` and `k8s/` that follow from the route table and the lists of apps: `npm run generate` writes them,
 * `npm run check` compares them.
 * @param root the workspace
 * @returns content by path, relative to the workspace
 */
export function deployDocuments(root: string): ReadonlyMap<string, string> {
  const compose = readCompose(readFileSync(join(root, 'docker/docker-compose.yml'), 'utf8'));
  return new Map([
    ...(['control-plane', 'data-plane'] as const).map(
      (mode) => [`docker/docker-compose.${mode}.yml`, planeFile(compose, mode)] as const,
    ),
    ...edgeDocuments(),
    ...observabilityDocuments(),
  ]);
}
