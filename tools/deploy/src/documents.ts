import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planeFile, readCompose } from './compose/plane-files';
import { edgeDocuments } from './edge/edge-documents';
import { egressDocument } from './egress/egress-document';
import { k8sDocuments } from './k8s/k8s-documents';
import { observabilityDocuments } from './observability/documents';

/**
 * Files of `docker/`, `k8s/` and `docs/` that follow from the route table, the lists of apps and of flows:
 * `npm run generate` writes them, `npm run check` compares them.
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
    ...k8sDocuments(),
    ['docs/egress.md', egressDocument()],
    ...observabilityDocuments(),
  ]);
}
