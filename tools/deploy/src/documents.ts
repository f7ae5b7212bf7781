import { edgeDocuments } from './edge/edge-documents';

/**
 * Files of `docker/` and `k8s/` that follow from the route table and the lists of apps: `npm run generate` writes them,
 * `npm run check` compares them.
 * @returns content by path, relative to the workspace
 */
export function deployDocuments(): ReadonlyMap<string, string> {
  return new Map([...edgeDocuments()]);
}
