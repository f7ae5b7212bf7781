import type { Call } from '@behavry/pipeline';
import type { Endpoint } from '../dialects/dialect';
import { withValues } from '../dialects/past-results';

/**
 * Puts stand-ins for what must not go up of what tools have brought back before: an agent sends its chat whole with each
 * turn, and one such result would end it for good. In the newest message the agent is told, and in signed parts nothing
 * can be changed.
 */
export function standInsFor(endpoint: Endpoint, body: unknown): NonNullable<Call['withStandIns']> {
  return (patternIn) => {
    const values = (endpoint.pastResultsIn?.(body) ?? []).flatMap(({ path, value, saying }) => {
      // With its member's name, which patterns see too.
      const pattern = patternIn({ [String(path.at(-1))]: value });
      if (pattern === undefined || (endpoint.sealedIn?.(value) ?? []).length > 0) return [];
      return [{ path, value: saying(`[the result was withheld: it carries ${pattern}]`) }];
    });
    if (values.length === 0) return undefined;
    const left = withValues(body, values);
    return { arguments: left, parameters: endpoint.outlineOf(left), standIns: values.length };
  };
}
