import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPerson, PageQuery, RequireRole, type Person } from '@behavry/platform';
import { CreateServerRequest, ReplaceServerRequest, type ServerView } from './mcp-server.dto';
import { serverEntry, serverView } from './mcp-server.mapper';
import { McpServerService } from './mcp-server.service';

/** MCP servers of the caller's tenant (surface: mcp-servers). */
@Controller('api/v1/mcp-servers')
export class McpServerController {
  constructor(private readonly servers: McpServerService) {}

  @Post()
  @RequireRole('policy_author')
  async create(
    @CurrentPerson() person: Person,
    @Body() body: CreateServerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerView> {
    return shown(reply, serverView(await this.servers.create(person, serverEntry(body.id, body))));
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ mcp_servers: readonly ServerView[]; total: number }> {
    const { servers, total } = await this.servers.list(tenantId, page);
    return { mcp_servers: servers.map(serverView), total };
  }

  @Get(':id')
  async get(
    @CurrentPerson() { tenantId }: Person,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerView> {
    return shown(reply, serverView(await this.servers.get(tenantId, id)));
  }

  @Put(':id')
  @RequireRole('policy_author')
  async replace(
    @CurrentPerson() person: Person,
    @Param('id') id: string,
    @Body() body: ReplaceServerRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerView> {
    return shown(reply, serverView(await this.servers.replace(person, serverEntry(id, body), ifMatch)));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireRole('policy_author')
  async delete(
    @CurrentPerson() person: Person,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.servers.delete(person, id, ifMatch);
  }
}

function shown(reply: FastifyReply, view: ServerView): ServerView {
  reply.header('etag', view.etag);
  return view;
}
