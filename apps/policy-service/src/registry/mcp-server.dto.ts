import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
} from 'class-validator';
import type { McpServerEntry } from '@behavry/contracts';
import { PlainText, PlainTexts } from '@behavry/platform';

export const SERVER_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** `PUT /api/v1/mcp-servers/{id}`: the whole server. */
export class ReplaceServerRequest {
  @PlainText(200) name!: string;
  @IsIn(['streamable-http', 'stdio']) transport!: 'streamable-http' | 'stdio';
  @IsOptional() @IsString() @MaxLength(2000) url?: string | null;
  @IsOptional() @IsObject() headers?: Record<string, string>;
  @IsOptional() @IsString() @MaxLength(1000) command?: string | null;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @PlainTexts(4096) args?: string[];
  @IsOptional() @IsObject() env?: Record<string, string>;
  @IsOptional() @IsBoolean() enabled?: boolean;
}

/** `POST /api/v1/mcp-servers`. */
export class CreateServerRequest extends ReplaceServerRequest {
  @Matches(SERVER_ID, {
    message: 'id holds a-z, 0-9 and -, begins with a letter or digit, and has at most 63 characters',
  })
  id!: string;
}

export interface ServerView extends McpServerEntry {
  readonly etag: string;
  readonly created_at: string;
  readonly updated_at: string;
}
