import { Controller, Get, Header } from '@nestjs/common';
import { Public } from '@behavry/platform';
import type { PublicJwk } from '@behavry/contracts';
import { OwnKey } from './own-key';

/** The public key set of this plane (contract: JWKS endpoint; RFC 7517). */
@Controller('.well-known')
export class JwksController {
  constructor(private readonly key: OwnKey) {}

  @Get('jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=3600')
  keySet(): { keys: readonly PublicJwk[] } {
    const { kty, use, alg, kid, n, e } = this.key.publicJwk;
    return { keys: [{ kty, use, alg, kid, n, e }] };
  }
}
