import { IsIn, ValidateIf } from 'class-validator';
import type { KillScope } from '@behavry/contracts';
import { PlainText } from '@behavry/platform';

/** `POST /api/v1/kill-switch`; for the scope `tenant` the target is the own tenant and may be left out. */
export class ThrowSwitchRequest {
  @IsIn(['tenant', 'agent', 'mcp_server', 'tool', 'model']) scope!: KillScope;
  @ValidateIf(({ scope, target }: ThrowSwitchRequest) => scope !== 'tenant' || target !== undefined)
  @PlainText(300)
  target?: string;
  @PlainText(1000) reason!: string;
}

export interface KillSwitchView {
  readonly id: string;
  readonly scope: string;
  readonly target: string;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: string;
}
