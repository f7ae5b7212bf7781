import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MODES, type Mode } from '@behavry/contracts';
import type { Component } from '../../egress/flows';
import { kubeTools, type KubeTools } from '../kube-tools';
import { render, writeEarnestOverlay, type Rendered } from '../render';

export const ROOT = join(__dirname, '../../../../..');

/** A plane as an overlay renders it. */
export interface Plane extends Rendered {
  readonly name: string;
  readonly mode: Mode;
  /** Components of its overlay that open flows. */
  readonly components: readonly Component[];
}

const TRIAL: readonly Component[] = ['network-policy', 'in-cluster-stores'];
const EARNEST: readonly Component[] = [
  ...(['network-policy', 'external-postgres', 'external-redis', 'monitoring', 'telemetry'] as const),
  ...(['senders', 'control-plane-in-cluster'] as const),
];

/** A block of tests that needs kubectl from PyPI: skipped, by name, without Python. In CI a missing Python fails it. */
export function describeWithKube(name: string, block: () => void): void {
  const isHere = spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
  if (isHere || process.env['CI'] === 'true') describe(name, block);
  else describe.skip(`${name} (needs python3 with venv: install the package python3-venv)`, block);
}

/**
 * Renders every overlay, as it is and as for earnest use, once for the file that calls it.
 * @returns the planes, filled before the first test, and the tools
 */
export function renderedPlanes(): { readonly planes: Plane[]; readonly tools: () => KubeTools } {
  const planes: Plane[] = [];
  let tools: KubeTools | undefined;
  beforeAll(async () => {
    tools = await kubeTools(ROOT);
    for (const mode of MODES) {
      const trial = await render(tools, join(ROOT, 'k8s', 'overlays', mode));
      planes.push({ name: mode, mode, components: TRIAL, ...trial });
      const earnest = await render(tools, writeEarnestOverlay(ROOT, mode));
      planes.push({ name: `${mode} in earnest`, mode, components: EARNEST, ...earnest });
    }
  }, 300_000);
  return {
    planes,
    tools: () => {
      if (tools === undefined) throw new Error('only within a test');
      return tools;
    },
  };
}
