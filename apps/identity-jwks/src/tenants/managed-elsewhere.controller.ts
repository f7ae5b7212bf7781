import { All, Controller } from '@nestjs/common';
import { ProblemError, Public, ServiceContext } from '@behavry/platform';
import { dataPlaneIdentity, type IdentityConfig } from '../identity-jwks.config';

/** On a data plane: what only its control plane can do. */
@Controller('api/v1/signup')
export class ManagedElsewhereController {
  constructor(private readonly context: ServiceContext<IdentityConfig>) {}

  @All()
  @Public()
  refuse(): never {
    const { controlPlaneUrl } = dataPlaneIdentity(this.context.config);
    throw new ProblemError('managed_by_control_plane', `Do this on the control plane: ${controlPlaneUrl}`);
  }
}
