import type { McpServerEntry } from '@behavry/contracts';
import { isLoaderVariable } from '@behavry/domain';
import {
  HEADER_NAME,
  isCredential,
  isOwnHeader,
  isSecret,
  isSecretName,
  REFERENCE_RULE,
  SECRET_REFERENCE,
  urlFault,
} from './secret-text';

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

const REFERENCE_LIKE = /^(?:env|file):/i;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const ONE_LINE = /^[^\p{Cc}]*$/u;
/** Keys that llm-proxy sends to its providers; a data plane gives them to no MCP server. */
const PROVIDER_KEY = /^env:BEHAVRY_SECRET_(?:OPENAI|ANTHROPIC|GEMINI|OLLAMA)_KEY$/;

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
  else {
    const message = urlFault(url);
    if (message !== undefined) faults.push({ field: 'url', message });
  }
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

function headerFaults(name: string, value: unknown): readonly FieldFault[] {
  const field = `headers.${name}`;
  if (!HEADER_NAME.test(name))
    return [{ field: 'headers', message: 'a header name holds letters, digits and - only' }];
  if (isOwnHeader(name)) return [{ field, message: 'the proxy sets this header itself' }];
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
  if (SECRET_REFERENCE.test(value)) return [];
  if (REFERENCE_LIKE.test(value)) {
    return [{ field, message: REFERENCE_RULE }];
  }
  return isSecretName(name) || isSecret(value)
    ? [{ field, message: 'looks like a secret; write env:BEHAVRY_SECRET_<NAME> or file:<name> instead' }]
    : [];
}

function argumentFaults(value: string, index: number): readonly FieldFault[] {
  const [name = '', given] = value.split('=', 2);
  const isNamedSecret = value.startsWith('-') && given !== undefined && given !== '' && isSecretName(name);
  return isNamedSecret || isCredential(value)
    ? [
        {
          field: `args.${String(index)}`,
          message: 'looks like a secret; give it as a variable in env by reference',
        },
      ]
    : [];
}
