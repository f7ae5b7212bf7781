import type { McpServerEntry } from '@behavry/contracts';
import type { McpServer } from '@behavry/db-control';
import { etagOf } from '@behavry/platform';
import type { ReplaceServerRequest, ServerView } from './mcp-server.dto';

export function serverEntry(id: string, body: ReplaceServerRequest): McpServerEntry {
  return {
    id,
    name: body.name,
    transport: body.transport,
    url: body.url ?? null,
    headers: body.headers ?? {},
    command: body.command ?? null,
    args: body.args ?? [],
    env: body.env ?? {},
    enabled: body.enabled ?? true,
  };
}

export function serverView({ version, createdAt, updatedAt, ...entry }: McpServer): ServerView {
  return {
    ...entry,
    etag: etagOf(version),
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
