import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiQuery } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentPart, PresentedToken } from '@behavry/db-control';
import { bearerOf, overSignal, ProblemError, Public, ServiceContext } from '@behavry/platform';
import { BundleConfig } from '../bundle-server.config';
import { isCurrent, waitOf } from '../domain/conditional';
import { BundleMetrics } from './bundle-metrics';
import { LastSeen } from './last-seen';
import { PublishedStore, type ServedDocument, type ServedForm } from './published-store';
import { TokenVerdicts } from './token-verdicts';
import { Waiters } from './waiters';

/** This type, to the letter, is what makes OPA poll without pauses; without a wish to wait it gets the other. */
const BUNDLE_TYPE = 'application/vnd.openpolicyagent.bundles';
const ARCHIVE_TYPE = 'application/gzip';
const CONFIG_TYPE = 'application/jose';
const HINT_EVERY_MS = 60_000;

/** Serves a tenant's two documents to its data planes (contract: OPA bundle serving). */
@Controller('api/v1/opa/bundle')
export class BundleController {
  #hintedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly context: ServiceContext<BundleConfig>,
    private readonly verdicts: TokenVerdicts,
    private readonly lastSeen: LastSeen,
    private readonly store: PublishedStore,
    private readonly waiters: Waiters,
    private readonly metrics: BundleMetrics,
  ) {}

  /** The newest document, or 304 when the client has it; held up to the time that `Prefer: wait=` allows. */
  @Get(':tenant_id')
  @Public()
  @ApiBearerAuth()
  @ApiQuery({
    name: 'signed_by',
    required: false,
    description: 'Name of the key that must have signed the bundle.',
  })
  @ApiQuery({ name: 'part', required: false, enum: ['policy', 'config'] })
  async serve(
    @Param('tenant_id') tenantId: string,
    @Query('signed_by') signedBy: string | undefined,
    @Query('part') part: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted: DocumentPart = part === 'config' ? 'config' : 'policy';
    try {
      // Who asks comes first, so that a revoked token learns nothing, not even that nothing changed.
      const token = await this.#authenticate(request, tenantId);
      this.lastSeen.note(token);
      if (part !== undefined && part !== wanted)
        throw new ProblemError('not_found', 'The parts are policy and config.');
      await this.#answer(token.tenantId, wanted, signedBy, request, reply);
    } catch (error) {
      const status = error instanceof ProblemError ? error.status : 503;
      this.metrics.requests.inc({ part: wanted, status: String(status) });
      throw error;
    }
  }

  async #answer(
    tenantId: string,
    part: DocumentPart,
    signedBy: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const wait = waitOf(headerOf(request, 'prefer'));
    const until = performance.now() + Math.min(wait ?? 0, this.context.config.maxWaitSeconds) * 1000;
    const gone = overSignal(reply.raw);
    for (;;) {
      const document = await this.store.get(tenantId, part);
      if (!document) {
        throw new ProblemError('no_bundle', 'Nothing is published for this tenant yet; ask again shortly.');
      }
      const form = chooseForm(document, part, signedBy);
      const hasIt = isCurrent(headerOf(request, 'if-none-match'), form.etag);
      const left = until - performance.now();
      if (gone.aborted) return;
      if (!hasIt || left <= 0 || request.method === 'HEAD' || this.waiters.isClosing) {
        this.#send(reply, part, document, form, hasIt, wait !== undefined);
        return;
      }
      await this.waiters.wait(tenantId, left, gone);
      // The token may have been revoked while the poll was held.
      await this.#authenticate(request, tenantId);
    }
  }

  #send(
    reply: FastifyReply,
    part: DocumentPart,
    document: ServedDocument,
    form: ServedForm,
    hasIt: boolean,
    isLongPoll: boolean,
  ): void {
    const status = hasIt ? 304 : 200;
    this.metrics.requests.inc({ part, status: String(status) });
    void reply.code(status).headers({
      etag: form.etag,
      'x-bundle-revision': document.revision,
      'cache-control': 'no-cache',
      vary: 'Authorization',
    });
    if (hasIt) {
      void reply.send();
      return;
    }
    this.metrics.bytes.inc({ part }, form.body.length);
    const bundleType = isLongPoll ? BUNDLE_TYPE : ARCHIVE_TYPE;
    void reply.header('content-type', part === 'config' ? CONFIG_TYPE : bundleType).send(form.body);
  }

  /** @throws ProblemError 401 for every token that is not good, 403 for a good one of another tenant */
  async #authenticate(request: FastifyRequest, tenantId: string): Promise<PresentedToken> {
    const shown = bearerOf(request.headers.authorization) ?? '';
    if (shown.includes('${')) this.#hint(request);
    const token = await this.verdicts.of(shown);
    if (!token) {
      throw new ProblemError('unauthenticated', 'The data-plane token is not valid.', {
        headers: { 'www-authenticate': 'Bearer', vary: 'Authorization' },
      });
    }
    if (token.tenantId !== tenantId.toLowerCase()) {
      throw new ProblemError('tenant_mismatch', 'The token belongs to another tenant than the path.', {
        headers: { vary: 'Authorization' },
      });
    }
    return token;
  }

  #hint(request: FastifyRequest): void {
    const now = this.context.clock.now();
    if (now - this.#hintedAt < HINT_EVERY_MS) return;
    this.#hintedAt = now;
    this.context.log.warn(
      { request_id: request.id, remote: request.ip },
      'a client sent an unexpanded variable as its token: the variable is not set where that OPA runs',
    );
  }
}

/** @throws ProblemError 404 when the document is not signed by the key that is asked for */
function chooseForm(document: ServedDocument, part: DocumentPart, signedBy: string | undefined): ServedForm {
  if (signedBy === undefined) return document;
  if (signedBy !== document.signedBy)
    throw new ProblemError('not_found', 'No bundle is signed by a key of this name.');
  return part === 'config' ? document : (document.signed ?? document);
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
