import { realpathSync } from 'node:fs';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Env, loadConfig } from '@behavry/platform';
import { readCommandList, type AllowedCommand } from './domain/command-list';

const ABSOLUTE = /^\//;
const ABSOLUTE_FAULT = { message: 'must be an absolute path' };

/** Environment of stdio-host: nothing of the plane but what stands here. */
export class StdioHostConfig {
  @Env('BEHAVRY_STDIO_SOCKET', {
    description: 'Unix socket between mcp-proxy and stdio-host; without it no stdio server can be used.',
  })
  @Matches(ABSOLUTE, ABSOLUTE_FAULT)
  socket: string = '/run/behavry-stdio/stdio.sock';

  @Env('BEHAVRY_STDIO_SOCKET_GID', {
    description:
      'Group whose members may connect, when mcp-proxy runs under another user; otherwise only the own user may.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  socketGid?: number;

  @Env('BEHAVRY_STDIO_COMMANDS', {
    description:
      'What stdio servers may be started with: a JSON array of {"command","args","env","servers"}; empty means nothing.',
  })
  @IsString()
  commands: string = '';

  @Env('BEHAVRY_STDIO_DIR', {
    description: 'Folder in which every stdio server has a home folder of its own.',
  })
  @Matches(ABSOLUTE, ABSOLUTE_FAULT)
  folder: string = '/var/lib/behavry-stdio';

  @Env('BEHAVRY_STDIO_SECRETS_DIR', {
    description: 'Folder with a folder of secrets for every stdio server, named by its id.',
  })
  @Matches(ABSOLUTE, ABSOLUTE_FAULT)
  secretsDir: string = '/run/secrets/behavry/mcp';

  @Env('BEHAVRY_STDIO_UID_BASE', {
    description:
      'As root: first of the user ids under which servers run, one for each server; user and group are equal.',
  })
  @IsInt()
  @Min(1000)
  @Max(2_000_000_000)
  uidBase: number = 20_000;

  @Env('BEHAVRY_STDIO_UID_COUNT', {
    description: 'How many user ids there are, and so how many stdio servers.',
  })
  @IsInt()
  @Min(1)
  @Max(60_000)
  uidCount: number = 1_000;

  @Env('BEHAVRY_STDIO_SAME_UID', {
    description:
      "Lets servers run under stdio-host's own user. They can then read each other's secrets, and whatever that user can.",
  })
  @IsBoolean()
  isSameUid: boolean = false;

  @Env('BEHAVRY_STDIO_MAX_PROCESSES', { description: 'Server processes at the same time.' })
  @IsInt()
  @Min(1)
  maxProcesses: number = 256;

  @Env('BEHAVRY_LOG_LEVEL', { description: 'error, warn, info or debug.' })
  @IsIn(['error', 'warn', 'info', 'debug', 'silent'])
  logLevel: string = 'info';

  /** @returns what is wrong with the list of commands */
  faults(): readonly string[] {
    return listOf(this).faults.map((fault) => `BEHAVRY_STDIO_COMMANDS ${fault}`);
  }
}

/** The configuration with its list of commands read. */
export interface HostSettings {
  readonly config: StdioHostConfig;
  readonly commands: readonly AllowedCommand[];
}

/** @throws ConfigError with every fault of the variables and of the list of commands */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): HostSettings {
  const config = loadConfig(StdioHostConfig, environment);
  return { config, commands: listOf(config).commands };
}

function listOf({ commands }: StdioHostConfig): ReturnType<typeof readCommandList> {
  return readCommandList(commands || '[]', targetOf);
}

function targetOf(command: string): string {
  try {
    return realpathSync(command);
  } catch {
    return command;
  }
}
