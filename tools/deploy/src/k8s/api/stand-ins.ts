/** Nodes and volumes of a cluster that runs nothing: three nodes in as many zones, and room for every claim. */
export function standIns(): object {
  const node = (index: number): object => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `node-${index}`,
      labels: { 'kubernetes.io/hostname': `node-${index}`, 'topology.kubernetes.io/zone': `zone-${index}` },
    },
    status: {
      allocatable: { cpu: '64', memory: '256Gi', pods: '200' },
      capacity: { cpu: '64', memory: '256Gi', pods: '200' },
    },
  });
  const volume = (index: number): object => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `volume-${index}` },
    spec: {
      capacity: { storage: '20Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: `/nowhere/${index}` },
    },
  });
  const each = (count: number, make: (index: number) => object): object[] =>
    Array.from({ length: count }, (_none, index) => make(index));
  return { apiVersion: 'v1', kind: 'List', items: [...each(3, node), ...each(60, volume)] };
}
