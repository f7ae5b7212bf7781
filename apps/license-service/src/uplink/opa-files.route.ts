import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OPA_FILES_PATH } from '@behavry/contracts';
import { readOpaFiles, ServiceContext, sha256Hex } from '@behavry/platform';
import type { LicenseConfig } from '../license-service.config';

/**
 * Hands OPA's files to its keeper where the two have no folder in common. The keeper runs beside the policies of a
 * control plane, so it does not have the plane's key: it shows what OPA itself asks for. Without such a token the
 * route is closed.
 */
@Injectable()
export class OpaFilesRoute implements OnModuleInit {
  constructor(private readonly context: ServiceContext<LicenseConfig>) {}

  onModuleInit(): void {
    const { ops, config } = this.context;
    ops.internal('GET', OPA_FILES_PATH, (request, reply) => this.#answer(request, reply), {
      bearer: config.opaToken,
    });
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    reply.header('cache-control', 'no-store');
    const files = readOpaFiles(join(this.context.config.dataDir, 'opa'));
    if (!files) {
      const detail = 'there is no bundle key yet: the control plane, or bundle-server, has not been reached';
      return reply.code(503).send({ code: 'unavailable', detail });
    }
    const text = JSON.stringify(files);
    const etag = `"${sha256Hex(text)}"`;
    reply.header('etag', etag);
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('application/json').send(text);
  }
}
