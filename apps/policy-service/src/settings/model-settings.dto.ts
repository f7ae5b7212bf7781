import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { MODEL_PROVIDER_KINDS, type ModelProviderKind } from '@behavry/contracts';
import { PlainText } from '@behavry/platform';
import { HEADER_NAME, isOwnHeader, REFERENCE_RULE, SECRET_REFERENCE, urlFault } from '../domain/secret-text';
import { Rule, UniqueBy } from '../http/rule';

const PROVIDER_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const MODEL_PATTERN = /^[^\s*\p{Cc}]{0,199}(?:[^\s*/\p{Cc}]|\*)$/u;
const PATTERN_RULE = 'a model is named without spaces, at most 200 characters, with * at the end only';

export class ModelProviderRequest {
  @Matches(PROVIDER_ID, {
    message: 'id holds a-z, 0-9 and -, begins with a letter or digit, and has at most 64 characters',
  })
  id!: string;

  @IsIn(MODEL_PROVIDER_KINDS) kind!: ModelProviderKind;
  @IsString() @MaxLength(2000) @Rule('baseUrl', baseUrlFault) base_url!: string;
  /** Header that the key goes in; absent or null: the one of the kind. */
  @IsOptional() @IsString() @Rule('authHeader', headerFault) auth_header?: string | null;

  /** Reference to the key, which a data plane looks up for itself. */
  @IsOptional()
  @Matches(SECRET_REFERENCE, { message: `key is never a key itself: ${REFERENCE_RULE}` })
  key?: string | null;

  @IsInt() @Min(0) @Max(100) weight!: number;
  @IsBoolean() usage_in_stream!: boolean;
}

export class ModelNamesRequest {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @Matches(MODEL_PATTERN, { each: true, message: `allow: ${PATTERN_RULE}` })
  allow?: string[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @Matches(MODEL_PATTERN, { each: true, message: `deny: ${PATTERN_RULE}` })
  deny?: string[];
}

/** Money for 1,000,000 tokens. */
export class ModelPriceRequest {
  @IsIn(MODEL_PROVIDER_KINDS) provider!: ModelProviderKind;
  @Matches(MODEL_PATTERN, { message: PATTERN_RULE }) model!: string;
  @IsNumber() @Min(0) @Max(1_000_000) input!: number;
  @IsNumber() @Min(0) @Max(1_000_000) output!: number;
  @IsOptional() @IsNumber() @Min(0) @Max(1_000_000) cached_input?: number | null;
  @IsOptional() @IsIn(['USD']) currency?: 'USD';
  @IsString() @Rule('date', dateFault) as_of!: string;
  @PlainText(200) source!: string;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

export class ModelBudgetRequest {
  @IsIn(['agent', 'owner', 'tenant']) scope!: 'agent' | 'owner' | 'tenant';
  /** Agent id or owner; absent or null: each of them for itself. */
  @IsOptional() @PlainText(200) @Rule('idOfScope', idFault) id?: string | null;
  @IsIn(['day', 'month']) period!: 'day' | 'month';

  @ValidateIf((budget: ModelBudgetRequest) => isGiven(budget.tokens) || !isGiven(budget.money))
  @IsInt({ message: 'tokens must be a whole number; a budget has tokens, money or both' })
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  tokens?: number | null;

  /** In USD. */
  @IsOptional() @IsNumber() @IsPositive() @Max(1_000_000_000) money?: number | null;
  @IsBoolean() hard!: boolean;
}

/** `PUT /api/v1/model-settings`: the whole document; what is absent is as if nothing were set. */
export class ModelSettingsRequest {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @IsObject({ each: true })
  @UniqueBy('id', ({ id }) => [id])
  @ValidateNested({ each: true })
  @Type(() => ModelProviderRequest)
  providers?: ModelProviderRequest[];

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ModelNamesRequest)
  models?: ModelNamesRequest;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsObject({ each: true })
  @UniqueBy('provider and model', ({ provider, model }) => [provider, lowerCase(model)])
  @ValidateNested({ each: true })
  @Type(() => ModelPriceRequest)
  prices?: ModelPriceRequest[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsObject({ each: true })
  @UniqueBy('scope, id, period and hardness', ({ scope, id, period, hard }) => [
    scope,
    scope === 'agent' ? lowerCase(id) : (id ?? null),
    period,
    hard,
  ])
  @ValidateNested({ each: true })
  @Type(() => ModelBudgetRequest)
  budgets?: ModelBudgetRequest[];

  @IsOptional() @IsIn(['refuse', 'decide']) unknown_members?: 'refuse' | 'decide';
}

function baseUrlFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'base_url must be an absolute URL';
  const fault = urlFault(value) ?? (/[?#]/.test(value) ? 'must not have a query or a fragment' : undefined);
  return fault === undefined ? undefined : `base_url ${fault}`;
}

function headerFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || !HEADER_NAME.test(value))
    return 'auth_header is the name of a header: letters, digits and - only';
  return isOwnHeader(value) ? 'auth_header: the proxy sets this header itself' : undefined;
}

function dateFault(value: unknown): string | undefined {
  const isDate =
    typeof value === 'string' &&
    /^\d{4}-\d{2}-\d{2}$/.test(value) &&
    !Number.isNaN(Date.parse(value)) &&
    new Date(value).toISOString().startsWith(value);
  return isDate ? undefined : 'as_of must be a date, YYYY-MM-DD';
}

function idFault(_value: unknown, budget: object): string | undefined {
  return (budget as ModelBudgetRequest).scope === 'tenant' ? 'the budget of a tenant has no id' : undefined;
}

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : (value ?? null);
}
