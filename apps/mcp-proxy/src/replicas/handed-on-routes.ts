import type { FastifyInstance } from 'fastify';
import { whenOver } from '@behavry/platform';
import { headerOf, takeBodies } from '@behavry/proxy';
import { FAULTS } from '../exchange/mcp-fault';
import type { McpParts } from '../exchange/mcp-request';
import { answerErrors, sendFault } from '../http/answers';
import { runHere } from '../http/run-here';
import { AGENT_TOKEN_HEADER, HANDED_ON_PATH } from './hand-on';

/**
 * Adds the routes of the ops port under which other replicas hand requests on. They run here or nowhere: none is handed
 * on again.
 */
export function handedOnRoutes(parts: McpParts): (scope: FastifyInstance) => void {
  let open = 0;
  let drained: () => void = () => undefined;
  return (scope) => {
    takeBodies(scope, parts.maxBodyBytes);
    answerErrors(scope, parts.log);
    scope.route({
      method: ['GET', 'POST', 'DELETE'],
      url: `${HANDED_ON_PATH}/:serverId`,
      handler: (request, reply) => {
        const sessionId = headerOf(request, 'mcp-session-id') ?? '';
        if (parts.shutdown.hasBegun || !parts.replicas.isOwn(sessionId))
          return sendFault(reply, FAULTS.unknownSession);
        open++;
        whenOver(reply.raw, () => {
          if (--open === 0) drained();
        });
        return runHere(parts, request, reply, headerOf(request, AGENT_TOKEN_HEADER));
      },
    });
    // The ops port closes its connections at once; what is under way is let end before.
    scope.addHook('preClose', async () => {
      if (open > 0) await new Promise<void>((resolve) => (drained = resolve));
    });
  };
}
