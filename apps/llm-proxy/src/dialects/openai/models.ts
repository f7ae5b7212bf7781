import { isObject } from '@behavry/contracts';
import { SSE } from '../../stream/sse-framing';
import type { Endpoint } from '../dialect';
import { bodiless, isPlainName } from '../reading';
import { envelope } from './envelope';

const LIST: Endpoint = {
  method: 'GET',
  name: 'GET /v1/models',
  toolName: 'list',
  path: '/models',
  framing: SSE,
  hasEndMark: true,
  readRequest: (bytes) => bodiless(bytes),
  outlineOf: () => ({}),
  outboundBody: ({ bytes }) => bytes,
  readAnswer: (value) =>
    isObject(value) && Array.isArray(value['data']) ? { calls: [], tokens: undefined } : undefined,
  readChunk: () => undefined,
  dropEchoes: () => false,
  errorEvent: (facts) => SSE.write({ data: JSON.stringify(envelope(facts)) }),
};

/** The models there are, as OpenAI, and who speaks like it, list them. */
export const MODELS: Endpoint = { ...LIST, list: { member: 'data', names: ['id'] } };

/** @returns the endpoint that tells of one model; undefined when the name is none */
export function oneModel(name: string): Endpoint | undefined {
  if (!isPlainName(name) || name.includes('..')) return undefined;
  return {
    ...LIST,
    name: 'GET /v1/models/*',
    path: `/models/${name}`,
    readRequest: (bytes) => bodiless(bytes, name),
    readAnswer: (value) =>
      isObject(value) && typeof value['id'] === 'string' ? { calls: [], tokens: undefined } : undefined,
  };
}
