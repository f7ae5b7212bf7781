import { isObject } from '@behavry/contracts';
import type { Endpoint } from '../dialect';
import { bodiless, isPlainName, queryOf, writtenQuery } from '../reading';
import { MESSAGES } from './messages';

const NAME = /^[A-Za-z0-9_][\w.-]{0,127}$/;
/** Members of a query that are understood, and how they may be written. */
const QUERY: ReadonlyMap<string, RegExp> = new Map([
  ['after_id', NAME],
  ['before_id', NAME],
  ['beta', /^true$/],
  ['limit', /^\d{1,4}$/],
]);

/** The models there are, or one of them. @param path `/v1/models` or below @returns undefined for what is neither */
export function modelsAt(path: string, asked: string): Endpoint | undefined {
  const query = queryOf(asked, QUERY);
  if (!query) return undefined;
  const [model, ...more] = path.slice('/v1/models'.length).split('/').slice(1);
  const isOne = model !== undefined;
  if (more.length > 0 || (isOne && !(isPlainName(model) && NAME.test(model)))) return undefined;
  return {
    ...MESSAGES,
    method: 'GET',
    name: `GET /v1/models${isOne ? '/*' : ''}`,
    toolName: 'list',
    path: `${path}${writtenQuery(query)}`,
    known: undefined,
    readRequest: (bytes) => bodiless(bytes, model, Object.fromEntries(query)),
    readAnswer: (value) =>
      isObject(value) && (isOne ? typeof value['id'] === 'string' : Array.isArray(value['data']))
        ? { calls: [], tokens: undefined }
        : undefined,
    readChunk: () => undefined,
    ...(isOne ? {} : { list: { member: 'data', names: ['id'] } }),
  };
}
