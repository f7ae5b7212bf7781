import { All, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import type { LicenseState } from '@behavry/contracts';
import { isoTime, ProblemError, ServiceContext } from '@behavry/platform';
import { UNCHECKED } from '../domain/license-state';
import { dataPlaneSettings, type LicenseConfig } from '../license-service.config';
import { DataPlaneUplink } from '../uplink/data-plane-uplink';

interface LocalTokenView {
  readonly prefix: string;
  readonly deployment_id: string;
  readonly state: string;
  readonly last_accepted_at: string | null;
}

/** What a data plane's own people may see and do: everything else is managed on the control plane. */
@Controller('api/v1')
export class LocalController {
  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly uplink: DataPlaneUplink,
  ) {}

  @Get('admin/data-plane-tokens')
  tokens(): { tokens: readonly LocalTokenView[]; total: number } {
    const { dataPlaneToken, deploymentId } = dataPlaneSettings(this.context.config);
    const { state, acceptedAt } = this.uplink.token ?? { state: 'unused', acceptedAt: undefined };
    const token = {
      prefix: dataPlaneToken.slice(0, 8),
      deployment_id: deploymentId,
      state,
      last_accepted_at: acceptedAt === undefined ? null : isoTime(acceptedAt),
    };
    return { tokens: [token], total: 1 };
  }

  @Get('licenses/status')
  status(): LicenseState {
    return this.uplink.license ?? UNCHECKED;
  }

  @Post('licenses/validate')
  @HttpCode(200)
  async validate(): Promise<LicenseState> {
    return (await this.uplink.checkNow()) ?? UNCHECKED;
  }

  @Post('admin/data-plane-tokens')
  issue(): never {
    return this.#elsewhere();
  }

  @Delete('admin/data-plane-tokens/:id')
  revoke(): never {
    return this.#elsewhere();
  }

  @Post('admin/data-plane-tokens/:id/rotate')
  rotate(): never {
    return this.#elsewhere();
  }

  @All('data-planes')
  fleet(): never {
    return this.#elsewhere();
  }

  @All('data-planes/*')
  heartbeat(): never {
    return this.#elsewhere();
  }

  @Get('admin/license')
  license(): never {
    return this.#elsewhere();
  }

  #elsewhere(): never {
    const { controlPlaneUrl } = dataPlaneSettings(this.context.config);
    throw new ProblemError('managed_by_control_plane', `Do this on the control plane: ${controlPlaneUrl}`);
  }
}
