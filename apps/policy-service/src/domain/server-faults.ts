import type { McpServerEntry } from '@behavry/contracts';
import { BUILT_IN_DLP_PATTERNS, isLoaderVariable, PatternSet, scanText } from '@behavry/domain';

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

const REFERENCE = /^(?:env:BEHAVRY_SECRET_[A-Z0-9_]{1,100}|file:[A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;
const REFERENCE_LIKE = /^(?:env|file):/i;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const ONE_LINE = /^[^\p{Cc}]*$/u;
/** Names whose values are secrets by their purpose. */
const SECRET_NAME =
  /auth|cookie|token|secret|passw|pwd|credential|signature|private|session|api[-_]?key|access[-_]?key|(^|[-_])(key|sig)([-_]|$)/i;
/** A long run without spaces that mixes letters and digits is taken for a key. */
const KEY_LIKE = /^(?=.*[A-Za-z])(?=.*\d)[A-Za-z0-9+/_=.-]{32,}$/;
const SCHEME = /^(?:bearer|basic|digest|token)\s+\S/i;
/** Headers that belong to the connection between proxy and server. */
const OWN_HEADERS: readonly string[] = [
  'host',
  'connection',
  'content-length',
  'content-type',
  'accept',
  'accept-encoding',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'keep-alive',
  'expect',
  'mcp-session-id',
  'mcp-protocol-version',
  'last-event-id',
];
/** Keys that llm-proxy sends to its providers; a data plane gives them to no MCP server. */
const PROVIDER_KEY = /^env:BEHAVRY_SECRET_(?:OPENAI|ANTHROPIC|GEMINI|OLLAMA)_KEY$/;

const CREDENTIALS = new PatternSet(BUILT_IN_DLP_PATTERNS.filter(({ tags }) => tags.includes('credential')));

/**
 * What keeps a registered server from being accepted: a shape that does not fit its transport, or a secret
 * where only a reference to one may stand (surface: mcp-servers). The control plane keeps no secrets. This is advice to
 * its author: what a data plane starts, sends and reaches is decided by that plane's own lists.
 */
export function serverFaults(server: McpServerEntry): readonly FieldFault[] {
  return [
    ...(server.transport === 'stdio' ? stdioFaults(server) : httpFaults(server)),
    ...Object.entries(server.headers).flatMap(([name, value]) => headerFaults(name, value)),
    ...Object.entries(server.env).flatMap(([name, value]) => variableFaults(name, value)),
    ...server.args.flatMap((value, index) => argumentFaults(value, index)),
  ];
}

function httpFaults({ url, command, args, env }: McpServerEntry): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (url === null) faults.push({ field: 'url', message: 'streamable-http needs a url' });
  else faults.push(...urlFaults(url));
  if (command !== null) faults.push({ field: 'command', message: 'only stdio has a command' });
  if (args.length > 0) faults.push({ field: 'args', message: 'only stdio has args' });
  if (Object.keys(env).length > 0) faults.push({ field: 'env', message: 'only stdio has env' });
  return faults;
}

function stdioFaults({ url, command, headers }: McpServerEntry): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (command === null || command.trim() === '' || !ONE_LINE.test(command)) {
    faults.push({ field: 'command', message: 'stdio needs a command of one line' });
  }
  if (url !== null) faults.push({ field: 'url', message: 'only streamable-http has a url' });
  if (Object.keys(headers).length > 0)
    faults.push({ field: 'headers', message: 'only streamable-http has headers' });
  return faults;
}

function urlFaults(text: string): readonly FieldFault[] {
  const field = 'url';
  if (!URL.canParse(text) || /[\s\p{Cc}]/u.test(text)) return [{ field, message: 'must be an absolute URL' }];
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return [{ field, message: 'must be http or https' }];
  if (url.username !== '' || url.password !== '') return [{ field, message: 'must not hold credentials' }];
  if (url.hash !== '') return [{ field, message: 'must not have a fragment' }];
  const holdsSecret = [...url.searchParams].some(
    ([name, value]) => SECRET_NAME.test(name) || isSecret(value),
  );
  return holdsSecret || isCredential(text)
    ? [{ field, message: 'must not hold a secret; send it as a header by reference' }]
    : [];
}

function headerFaults(name: string, value: unknown): readonly FieldFault[] {
  const field = `headers.${name}`;
  if (!HEADER_NAME.test(name))
    return [{ field: 'headers', message: 'a header name holds letters, digits and - only' }];
  if (OWN_HEADERS.includes(name.toLowerCase()))
    return [{ field, message: 'the proxy sets this header itself' }];
  return valueFaults(field, name, value);
}

function variableFaults(name: string, value: unknown): readonly FieldFault[] {
  const field = `env.${name}`;
  if (!VARIABLE_NAME.test(name))
    return [{ field: 'env', message: 'a variable name holds letters, digits and _ only' }];
  if (isLoaderVariable(name))
    return [{ field, message: 'this variable decides what code runs; it cannot be set' }];
  return valueFaults(field, name, value);
}

function valueFaults(field: string, name: string, value: unknown): readonly FieldFault[] {
  if (typeof value !== 'string' || value.length > 4096 || !ONE_LINE.test(value)) {
    return [{ field, message: 'must be a text of one line, at most 4096 characters' }];
  }
  if (PROVIDER_KEY.test(value)) {
    return [{ field, message: "is a model provider's key, which no MCP server is given" }];
  }
  if (REFERENCE.test(value)) return [];
  if (REFERENCE_LIKE.test(value)) {
    return [{ field, message: 'a reference is env:BEHAVRY_SECRET_<NAME> or file:<name>' }];
  }
  return SECRET_NAME.test(name) || isSecret(value)
    ? [{ field, message: 'looks like a secret; write env:BEHAVRY_SECRET_<NAME> or file:<name> instead' }]
    : [];
}

function argumentFaults(value: string, index: number): readonly FieldFault[] {
  const [name = '', given] = value.split('=', 2);
  const isNamedSecret =
    value.startsWith('-') && given !== undefined && given !== '' && SECRET_NAME.test(name);
  return isNamedSecret || isCredential(value) || SCHEME.test(value)
    ? [
        {
          field: `args.${String(index)}`,
          message: 'looks like a secret; give it as a variable in env by reference',
        },
      ]
    : [];
}

function isSecret(value: string): boolean {
  return SCHEME.test(value) || KEY_LIKE.test(value) || isCredential(value);
}

function isCredential(value: string): boolean {
  return scanText(value, CREDENTIALS).length > 0;
}
