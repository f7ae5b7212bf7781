import { Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { CurrentPerson, ProblemError, RequireRole, type Person } from '@behavry/platform';
import { AlertQuery, type AlertView } from './alert.dto';
import { alertView } from './alert.mapper';
import { AlertService } from './alert.service';

const alertId = (): ParseUUIDPipe =>
  new ParseUUIDPipe({
    exceptionFactory: () => new ProblemError('not_found', 'There is no alert with this id.'),
  });

/** Alerts: open, acknowledged, resolved. */
@Controller('api/v1/alerts')
export class AlertController {
  constructor(private readonly alerts: AlertService) {}

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() query: AlertQuery,
  ): Promise<{ alerts: readonly AlertView[]; total: number }> {
    const { alerts, total } = await this.alerts.list(tenantId, query);
    return { alerts: alerts.map(alertView), total };
  }

  @Post(':id/acknowledge')
  @HttpCode(200)
  @RequireRole('analyst')
  async acknowledge(@CurrentPerson() person: Person, @Param('id', alertId()) id: string): Promise<AlertView> {
    return alertView(await this.alerts.move(person, id, 'acknowledge'));
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @RequireRole('analyst')
  async resolve(@CurrentPerson() person: Person, @Param('id', alertId()) id: string): Promise<AlertView> {
    return alertView(await this.alerts.move(person, id, 'resolve'));
  }
}
