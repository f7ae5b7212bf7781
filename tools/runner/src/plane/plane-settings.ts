import { join } from 'node:path';
import type { Mode } from '@behavry/contracts';
import type { ProcessLedger } from '@behavry/components';
import type { PlanePorts } from '../runner/ports';
import type { PlaneName, RunProcess } from '../runner/run-file';

/** Everything that is fixed about a plane before it starts. */
export interface PlaneSettings {
  readonly name: PlaneName;
  readonly mode: Mode;
  readonly ports: PlanePorts;
  /** Workspace root, below which the built apps lie. */
  readonly root: string;
  readonly dataDir: string;
  readonly secretsDir: string;
  readonly socketFolder: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly adminPassword: string;
  readonly opaCommand: string;
  readonly ledger: ProcessLedger;
  /** The contract's variables that join a data plane to its control plane; empty elsewhere. */
  readonly link: Readonly<Record<string, string>>;
  /** Processes of each app that may have more than one. */
  readonly replicas: number;
  readonly hasDemoUpstreams: boolean;
  readonly say: (line: string) => void;
  readonly onProcess: (process: RunProcess) => void;
}

/** The folder of one plane. */
export function planeFolder({ dataDir, name }: Pick<PlaneSettings, 'dataDir' | 'name'>): string {
  return join(dataDir, name);
}

/** The log of one of its processes. */
export function logFile(settings: PlaneSettings, process: string): string {
  return join(planeFolder(settings), 'logs', `${process}.log`);
}

/** Address of its edge. */
export function planeUrl({ ports }: Pick<PlaneSettings, 'ports'>): string {
  return `http://127.0.0.1:${ports.edge}`;
}
