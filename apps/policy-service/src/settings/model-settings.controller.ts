import { Body, Controller, Get, Headers, Put, Res } from '@nestjs/common';
import { ApiExtraModels } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { ModelSettings } from '@behavry/contracts';
import type { TenantSettings } from '@behavry/db-control';
import { CurrentPerson, etagOf, RequireRole, type Person } from '@behavry/platform';
import {
  ModelBudgetRequest,
  ModelNamesRequest,
  ModelPriceRequest,
  ModelProviderRequest,
  ModelSettingsRequest,
} from './model-settings.dto';
import { modelSettings } from './model-settings.mapper';
import { SettingsService } from './settings.service';

/** What the caller's tenant says about the use of models, as one document (surface: model-settings). */
@Controller('api/v1/model-settings')
@ApiExtraModels(ModelProviderRequest, ModelNamesRequest, ModelPriceRequest, ModelBudgetRequest)
export class ModelSettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  async get(
    @CurrentPerson() { tenantId }: Person,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelSettings> {
    return shown(reply, await this.settings.get(tenantId));
  }

  @Put()
  @RequireRole('policy_author')
  async replace(
    @CurrentPerson() person: Person,
    @Body() body: ModelSettingsRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModelSettings> {
    return shown(reply, await this.settings.change(person, 'modelSettings', modelSettings(body), ifMatch));
  }
}

function shown(reply: FastifyReply, { modelSettings: shownOnes, version }: TenantSettings): ModelSettings {
  reply.header('etag', etagOf(version));
  return shownOnes;
}
