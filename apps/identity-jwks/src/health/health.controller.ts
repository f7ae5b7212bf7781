import { Controller, Get, Header } from '@nestjs/common';
import { ProblemError, Public, ServiceContext } from '@behavry/platform';
import type { IdentityConfig } from '../identity-jwks.config';
import { PlaneHealthSource, type PlaneHealth } from './plane-health';

interface PlaneStatus {
  readonly status: 'ok';
  readonly service: 'behavry';
  readonly version: string;
  readonly mode: string;
  readonly apps?: PlaneHealth['apps'];
}

/** The health of the plane as a whole (surface: conventions): ready when every app of its mode is. */
@Controller('health')
@Public()
export class HealthController {
  readonly #source: PlaneHealthSource;
  readonly #about: Pick<PlaneStatus, 'service' | 'version' | 'mode'>;

  constructor(context: ServiceContext<IdentityConfig>) {
    const { mode, version, config } = context;
    this.#about = { service: 'behavry', version, mode };
    this.#source = new PlaneHealthSource(mode, (app) => config.opsUrlOf(app));
    context.onClose('plane health', () => this.#source.close());
  }

  @Get()
  @Header('cache-control', 'no-store')
  whole(): Promise<PlaneStatus> {
    return this.ready();
  }

  @Get('live')
  @Header('cache-control', 'no-store')
  live(): PlaneStatus {
    return { status: 'ok', ...this.#about };
  }

  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready(): Promise<PlaneStatus> {
    const { isReady, apps, faults } = await this.#source.read();
    if (isReady) return { status: 'ok', ...this.#about, apps };
    const detail = faults.map(({ field, message }) => `${field}: ${message}`).join(' · ');
    throw new ProblemError('plane_not_ready', detail, {
      errors: faults,
      headers: { 'retry-after': '2' },
      members: { ...this.#about, health: 'not_ready', apps },
    });
  }
}
