import type { AppName } from '@behavry/contracts';
import { ComponentError, isPortFree } from '@behavry/components';
import { appPort } from '../edge/app-port';

/** The ports of one plane, counted from its first one. */
export class PlanePorts {
  constructor(readonly base: number) {}

  get edge(): number {
    return this.base;
  }

  get everything(): number {
    return this.base + 50;
  }

  get model(): number {
    return this.base + 51;
  }

  /** All that may be the plane's own; what the demo's servers listen on lies behind it. */
  get ownRange(): string {
    return `${this.base}-${this.everything - 1}`;
  }

  /** @param replica 1 for the first */
  app(name: AppName, replica = 1): number {
    return appPort(this.base, name, replica);
  }

  ops(name: AppName, replica = 1): number {
    return this.app(name, replica) + 1;
  }
}

/** @throws ComponentError that names the first port that is taken */
export async function checkPorts(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await isPortFree(port)) continue;
    throw new ComponentError(
      'port',
      `Port ${port} of 127.0.0.1 is in use by another program. Stop it, or start with another first port: npm start -- --port N`,
    );
  }
}
