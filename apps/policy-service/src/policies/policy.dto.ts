import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { PageQuery, PlainText } from '@behavry/platform';

/** PostgreSQL keeps no NUL in text. */
const NO_NUL = /^[^\0]*$/;
const NO_NUL_MESSAGE = { message: '$property must not hold the character NUL' };

/** `POST /api/v1/policies`, and one entry of an import. */
export class CreatePolicyRequest {
  @PlainText(200) name!: string;
  @IsOptional() @IsString() @MaxLength(2000) @Matches(NO_NUL, NO_NUL_MESSAGE) description?: string;
  @PlainText(40) category!: string;
  @IsString() @Matches(NO_NUL, NO_NUL_MESSAGE) content!: string;
  @IsOptional() @IsString() @Matches(NO_NUL, NO_NUL_MESSAGE) tests?: string | null;
}

/** `PUT /api/v1/policies/{id}`: what is absent stays as it is; `tests: null` removes them. */
export class SavePolicyRequest {
  @IsOptional() @PlainText(200) name?: string;
  @IsOptional() @IsString() @MaxLength(2000) @Matches(NO_NUL, NO_NUL_MESSAGE) description?: string;
  @IsOptional() @PlainText(40) category?: string;
  @IsString() @Matches(NO_NUL, NO_NUL_MESSAGE) content!: string;
  @ValidateIf(({ tests }: SavePolicyRequest) => tests !== undefined && tests !== null)
  @IsString()
  @Matches(NO_NUL, NO_NUL_MESSAGE)
  tests?: string | null;
}

/** `POST /api/v1/policies/check`. */
export class CheckPolicyRequest {
  @IsString() content!: string;
  @PlainText(40) category!: string;
}

/** `POST /api/v1/policies/{id}/activate`; the newest version when none is named. */
export class ActivatePolicyRequest {
  @IsOptional() @IsInt() @Min(1) version?: number;
}

/** `POST /api/v1/policies/dry-run`: with `content` as if it were active too. */
export class DryRunRequest {
  @IsOptional() @IsString() content?: string;
  @IsOptional() @PlainText(40) category?: string;
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(100) @IsObject({ each: true }) inputs!: object[];
}

/** `POST /api/v1/policies/import`: all or nothing. */
export class ImportPoliciesRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2000)
  @ValidateNested({ each: true })
  @Type(() => CreatePolicyRequest)
  policies!: CreatePolicyRequest[];

  @IsOptional() @IsBoolean() activate?: boolean;
}

/** `GET /api/v1/policies`. */
export class PolicyListQuery extends PageQuery {
  @IsOptional() @IsIn(['draft', 'active', 'archived']) status?: 'draft' | 'active' | 'archived';
}

/** `GET /api/v1/policies/{id}/diff`. */
export class DiffQuery {
  @Type(() => Number) @IsInt() @Min(1) from!: number;
  @Type(() => Number) @IsInt() @Min(1) to!: number;
}

/** A policy without its text, as lists show it. */
export interface PolicySummaryView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly package: string;
  readonly status: string;
  readonly version: number;
  readonly active_version: number | null;
  readonly etag: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A policy with the text of its newest version. */
export interface PolicyView extends PolicySummaryView {
  readonly content: string;
  readonly tests: string | null;
}

export interface PolicyVersionView {
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly package: string;
  readonly content: string;
  readonly tests: string | null;
  readonly created_by: string;
  readonly created_at: string;
}

export interface PublishedView {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly active_version: number | null;
  readonly bundle_revision: string | null;
}
