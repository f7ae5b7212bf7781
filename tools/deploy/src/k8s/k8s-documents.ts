import { APP_NAMES } from '@behavry/contracts';
import manifest from '../../../../package.json';
import { networkPolicyDocuments } from './network-policies';
import { routeDocuments } from './route-objects';
import { GENERATED } from './yaml-text';

/** The files of `k8s/` that follow from routes, apps, flows and version. @returns content by path */
export function k8sDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ...networkPolicyDocuments(),
    ...routeDocuments(),
    ['k8s/components/images/kustomization.yaml', images(manifest.version)],
    ['k8s/base/migrate/kustomization.yaml', migration(manifest.version)],
  ]);
}

function images(version: string): string {
  return [
    `${GENERATED}apiVersion: kustomize.config.k8s.io/v1alpha1`,
    'kind: Component',
    'images:',
    ...[...APP_NAMES, 'opa', 'uplink-gate'].map(
      (name) => `  - { name: behavry/${name}, newTag: ${version} }`,
    ),
    '',
  ].join('\n');
}

/** A Job cannot be changed, so that of another version has another name; dots would be refused in names of pods. */
function migration(version: string): string {
  return [
    `${GENERATED}apiVersion: kustomize.config.k8s.io/v1beta1`,
    'kind: Kustomization',
    'resources: [job.yaml]',
    `nameSuffix: -${version.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
    'labels:',
    '  - pairs: { app.kubernetes.io/name: migrate, app.kubernetes.io/part-of: behavry, behavry.com/kind: migrate }',
    '    includeTemplates: true',
    '',
  ].join('\n');
}
