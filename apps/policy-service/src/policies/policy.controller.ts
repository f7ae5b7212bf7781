import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPerson, PageQuery, RequireRole, type Person, UuidPipe } from '@behavry/platform';
import type { PolicyFault } from '@behavry/domain';
import { Gate } from '../gate/gate';
import { idempotencyKeyOf } from '../http/idempotency-key';
import { ActivationService, type Published } from './activation.service';
import {
  ActivatePolicyRequest,
  CheckPolicyRequest,
  CreatePolicyRequest,
  DiffQuery,
  DryRunRequest,
  ImportPoliciesRequest,
  PolicyListQuery,
  SavePolicyRequest,
  type PolicySummaryView,
  type PolicyVersionView,
  type PolicyView,
  type PublishedView,
} from './policy.dto';
import { policySummary, policyView, versionView } from './policy.mapper';
import { checkSizes } from './policy-problem';
import { PolicyService, type PolicyDraft, type PolicyWithText } from './policy.service';

/** Policies of the caller's tenant (surface: policies). */
@Controller('api/v1/policies')
export class PolicyController {
  constructor(
    private readonly policies: PolicyService,
    private readonly activation: ActivationService,
    private readonly gate: Gate,
  ) {}

  @Post()
  @RequireRole('policy_author')
  async create(
    @CurrentPerson() person: Person,
    @Body() body: CreatePolicyRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PolicyView> {
    return shown(reply, await this.policies.create(person, draftOf(body), idempotencyKeyOf(key)));
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() query: PolicyListQuery,
  ): Promise<{ policies: readonly PolicySummaryView[]; total: number }> {
    const { limit, offset, status } = query;
    const { policies, total } = await this.policies.list(tenantId, {
      limit,
      offset,
      ...(status === undefined ? {} : { status }),
    });
    return { policies: policies.map(policySummary), total };
  }

  @Post('check')
  @HttpCode(200)
  @RequireRole('policy_author')
  async check(
    @CurrentPerson() person: Person,
    @Body() body: CheckPolicyRequest,
  ): Promise<{ ok: boolean; errors: readonly PolicyFault[] }> {
    checkSizes(body.content);
    const examination = await this.gate.examine(person.tenantId, body.content, body.category);
    return examination.ok ? { ok: true, errors: [] } : { ok: false, errors: examination.faults };
  }

  @Post('dry-run')
  @HttpCode(200)
  @RequireRole('policy_author')
  async dryRun(
    @CurrentPerson() { tenantId }: Person,
    @Body() { content, category, inputs }: DryRunRequest,
  ): Promise<{ decisions: readonly unknown[] }> {
    return { decisions: await this.activation.dryRun(tenantId, content, category, inputs) };
  }

  @Post('import')
  @RequireRole('admin')
  async import(
    @CurrentPerson() person: Person,
    @Body() body: ImportPoliciesRequest,
  ): Promise<{ policies: readonly PolicySummaryView[]; total: number; bundle_revision: string | null }> {
    const drafts = body.policies.map(draftOf);
    const { policies, revision } = await this.activation.import(person, drafts, body.activate ?? false);
    return { policies: policies.map(policySummary), total: policies.length, bundle_revision: revision };
  }

  @Get(':id')
  async get(
    @CurrentPerson() { tenantId }: Person,
    @Param('id', UuidPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PolicyView> {
    return shown(reply, await this.policies.get(tenantId, id));
  }

  @Put(':id')
  @RequireRole('policy_author')
  async save(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
    @Body() body: SavePolicyRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PolicyView> {
    const { name, description, category, content, tests } = body;
    return shown(
      reply,
      await this.policies.save(person, id, { name, description, category, content, tests }, ifMatch),
    );
  }

  @Get(':id/versions')
  async versions(
    @CurrentPerson() { tenantId }: Person,
    @Param('id', UuidPipe) id: string,
    @Query() page: PageQuery,
  ): Promise<{ versions: readonly PolicyVersionView[]; total: number }> {
    const { versions, total } = await this.policies.versions(tenantId, id, page);
    return { versions: versions.map(versionView), total };
  }

  @Get(':id/diff')
  async diff(
    @CurrentPerson() { tenantId }: Person,
    @Param('id', UuidPipe) id: string,
    @Query() { from, to }: DiffQuery,
  ): Promise<{ from: number; to: number; diff: string; tests_diff: string }> {
    const { content, tests } = await this.policies.diff(tenantId, id, from, to);
    return { from, to, diff: content, tests_diff: tests };
  }

  @Post(':id/activate')
  @HttpCode(200)
  @RequireRole('policy_author')
  async activate(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
    @Body() body: ActivatePolicyRequest,
  ): Promise<PublishedView> {
    return published(await this.activation.activate(person, id, versionIn(body)));
  }

  @Post(':id/archive')
  @HttpCode(200)
  @RequireRole('policy_author')
  async archive(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<PublishedView> {
    return published(await this.activation.archive(person, id));
  }
}

function draftOf(body: CreatePolicyRequest): PolicyDraft {
  const { name, description = '', category, content, tests = null } = body;
  return { name, description, category, content, tests };
}

function shown(reply: FastifyReply, { policy, newest }: PolicyWithText): PolicyView {
  const view = policyView(policy, newest);
  reply.header('etag', view.etag);
  return view;
}

/** The body may be left out, or be `null`. */
function versionIn(body: ActivatePolicyRequest | null | undefined): number | undefined {
  return body?.version;
}

function published({ policy, revision }: Published): PublishedView {
  const { id, status, version, activeVersion } = policy;
  return { id, status, version, active_version: activeVersion, bundle_revision: revision };
}
