import { applyDecorators } from '@nestjs/common';
import { IsOptional, IsString, IsUrl, Matches } from 'class-validator';
import { Env } from './env';

/** An http(s) URL as configuration accepts it; hosts inside a plane have no top-level domain. */
export const HTTP_URL_RULE = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };

/** Field of everyone who asks the deciding OPA: its unix socket. */
export const OpaSocket = (): PropertyDecorator =>
  applyDecorators(
    Env('BEHAVRY_OPA_SOCKET', {
      description: 'Unix socket of the deciding OPA; takes precedence over BEHAVRY_OPA_URL.',
    }),
    IsOptional(),
    IsString(),
  );

/** Field of everyone who asks the deciding OPA: its address. */
export const OpaUrl = (): PropertyDecorator =>
  applyDecorators(
    Env('BEHAVRY_OPA_URL', { description: 'Base URL of the deciding OPA.' }),
    IsOptional(),
    IsUrl(HTTP_URL_RULE),
  );

/** Field of OPA's keeper and of everyone who asks the deciding OPA: what they show it. */
export const OpaToken = (): PropertyDecorator =>
  applyDecorators(
    Env('BEHAVRY_OPA_TOKEN', {
      description:
        'Bearer that the deciding OPA asks for: the same random text for its keeper, license-service and both proxies. Needed where OPA listens on TCP.',
      sensitive: true,
    }),
    IsOptional(),
    Matches(/^[A-Za-z0-9._~+/=-]{32,512}$/, {
      message: 'must be 32 to 512 letters, digits or . _ ~ + / = -',
    }),
  );
