import { basename } from 'node:path';
import { RE2JS } from 're2js';
import { isObject } from '@behavry/contracts';
import { isLoaderVariable, parseStrictJson } from '@behavry/domain';

/** One thing that may be started, as the plane's operator wrote it. */
export interface AllowedCommand {
  /** Absolute path. */
  readonly command: string;
  /** One per argument: the text itself, or what the whole argument must match. */
  readonly args: readonly (string | RE2JS)[];
  /** Variables that a registered server may set. */
  readonly env: ReadonlySet<string>;
  /** Ids of the servers that may use this; undefined for any. */
  readonly servers: ReadonlySet<string> | undefined;
}

/** What a registered server asks for. */
export interface CommandLine {
  readonly serverId: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Names of its variables. */
  readonly variables: readonly string[];
}

const MEMBERS = ['command', 'args', 'env', 'servers'];
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** Set by the host for every server. */
const OWN_VARIABLES = ['PATH', 'HOME', 'LANG', 'TMPDIR'];

/** They run the program that their first argument names. */
const INTERPRETERS =
  words(`node nodejs python pypy ruby perl php lua luajit tclsh wish Rscript julia pwsh powershell
  osascript java dotnet sh ash bash dash zsh ksh mksh fish csh tcsh awk gawk mawk sed groovy scala kotlin elixir erl`);
/** They fetch or start something, and any argument may say what. */
const RUNNERS =
  words(`npx npm pnpm pnpx yarn bun bunx deno corepack uv uvx pip pipx poetry conda gem bundle cargo go
  docker podman nerdctl kubectl crictl runc env sudo doas su runuser setpriv xargs find parallel make busybox toybox
  timeout nice nohup setsid stdbuf time watch script expect ssh scp nsenter unshare chroot systemd-run flock strace
  gdb tar vim vi nvim emacs git`);

/**
 * Reads the list of commands.
 * @param text a JSON array of `{"command", "args", "env", "servers"}`
 * @param targetOf where a command's links lead to, so that an interpreter under another name is still one
 * @returns the list, and a sentence for everything that is wrong with it
 */
export function readCommandList(
  text: string,
  targetOf: (command: string) => string,
): { readonly commands: readonly AllowedCommand[]; readonly faults: readonly string[] } {
  const json = parseStrictJson(text);
  if (!json.ok || !Array.isArray(json.value)) {
    return {
      commands: [],
      faults: ['must be a JSON array such as [{"command":"/usr/local/bin/mcp-files","args":["/srv"]}]'],
    };
  }
  const commands: AllowedCommand[] = [];
  const faults: string[] = [];
  json.value.forEach((value: unknown, index) => {
    const read = readEntry(value, targetOf);
    if (Array.isArray(read))
      faults.push(...read.map((fault: string) => `entry ${String(index + 1)}: ${fault}`));
    else commands.push(read as AllowedCommand);
  });
  return { commands, faults };
}

/** @returns why this may not be started, undefined when it may */
export function commandRefusal(commands: readonly AllowedCommand[], asked: CommandLine): string | undefined {
  const { serverId, command, args, variables } = asked;
  const named = commands.filter((one) => one.command === command);
  if (named.length === 0) return `the command of server ${serverId} is not on the list of commands`;
  const own = named.filter(({ servers }) => servers?.has(serverId) ?? true);
  if (own.length === 0) return `the list of commands does not give this command to server ${serverId}`;
  const fitting = own.filter((one) => areAllowed(args, one.args));
  if (fitting.length === 0)
    return `the arguments of server ${serverId} are not those on the list of commands`;
  const unknown = variables.find((name) => !fitting.some(({ env }) => env.has(name)));
  if (unknown !== undefined) return `the list of commands does not let server ${serverId} set ${unknown}`;
  return fitting.some(({ env }) => variables.every((name) => env.has(name)))
    ? undefined
    : `no entry of the list of commands allows all variables of server ${serverId} together`;
}

function areAllowed(args: readonly string[], allowed: AllowedCommand['args']): boolean {
  return (
    args.length === allowed.length &&
    allowed.every((rule, index) => {
      const arg = args[index] ?? '';
      return typeof rule === 'string' ? rule === arg : rule.matcher(arg).matches();
    })
  );
}

function readEntry(
  value: unknown,
  targetOf: (command: string) => string,
): AllowedCommand | readonly string[] {
  if (!isObject(value)) return ['must be an object with a command'];
  const faults = Object.keys(value)
    .filter((name) => !MEMBERS.includes(name))
    .map((name) => `does not know "${name}"; it may hold ${MEMBERS.join(', ')}`);
  const { command, args: givenArgs = [], env = [], servers } = value;
  const args = readArgs(givenArgs);
  if (typeof command !== 'string' || !/^\/[^\p{Cc}]+$/u.test(command))
    faults.push('"command" must be an absolute path');
  else if (args) faults.push(...interpreterFaults(command, targetOf(command), args));
  if (!args) faults.push('"args" must hold texts and {"pattern": "…"} in RE2 syntax');
  if (!isTexts(env)) faults.push('"env" must hold names of variables');
  else faults.push(...env.flatMap(variableFaults));
  if (servers !== undefined && !isTexts(servers)) faults.push('"servers" must hold ids of servers');
  if (faults.length > 0) return faults;
  return {
    command: command as string,
    args: args ?? [],
    env: new Set(env as string[]),
    servers: servers === undefined ? undefined : new Set(servers as string[]),
  };
}

function readArgs(value: unknown): (string | RE2JS)[] | undefined {
  if (!Array.isArray(value)) return undefined;
  try {
    return value.map((arg: unknown) => {
      if (typeof arg === 'string') return arg;
      if (isObject(arg) && typeof arg['pattern'] === 'string' && Object.keys(arg).length === 1)
        return RE2JS.compile(arg['pattern']);
      throw new TypeError('neither a text nor a pattern');
    });
  } catch {
    return undefined;
  }
}

function interpreterFaults(command: string, target: string, args: AllowedCommand['args']): string[] {
  const isAmong = (names: ReadonlySet<string>): boolean =>
    [command, target].some((path) => names.has(basename(path).replace(/[-\d.]+$/, '')));
  const [first] = args;
  const isFixed = args.length > 0 && args.every((arg) => typeof arg === 'string');
  if (isAmong(RUNNERS) && !isFixed)
    return [
      `${command} runs whatever its arguments name, so all of them must be fixed texts, and there must be some`,
    ];
  if (isAmong(INTERPRETERS) && !isFixed && (typeof first !== 'string' || first.startsWith('-')))
    return [
      `${command} is an interpreter, so its first argument must be the fixed path of the program that it runs`,
    ];
  return [];
}

function variableFaults(name: string): string[] {
  if (!VARIABLE_NAME.test(name)) return [`"${name}" is no name of a variable`];
  if (OWN_VARIABLES.includes(name)) return [`${name} is always the host's own and cannot be listed`];
  return isLoaderVariable(name) ? [`${name} decides what code runs and can never be set`] : [];
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
