import { blockingFinding, scanJson } from '@behavry/domain';
import {
  protocolCall,
  refuse,
  type Call,
  type Exchange,
  type ExchangeAdapter,
  type Forwarded,
  type Refusal,
} from '@behavry/pipeline';
import { describeRequest, unjudgedParts } from '../messages/describe-call';
import { idKey } from '../messages/rpc-message';
import { forwardToUpstream } from './forward';
import { FAULTS, refusalOf, rpcCodeOf, type McpFault } from './mcp-fault';
import type { McpPayload } from './mcp-payload';
import type { McpParts } from './mcp-parts';
import { readBody, type McpRequest } from './mcp-request';

/** The MCP side of one exchange. */
export class McpAdapter implements ExchangeAdapter<McpPayload> {
  constructor(
    private readonly parts: McpParts,
    private readonly request: McpRequest,
  ) {}

  parse(exchange: Exchange): Call | Refusal {
    const { request } = this;
    const server = exchange.config?.server(exchange.serverId);
    if (!server) return this.#fault(FAULTS.unknownServer);
    if (!server.enabled) return this.#fault(FAULTS.disabledServer);
    const fault = request.kind === 'message' ? readBody(request) : undefined;
    if (fault) return this.#fault(fault);
    return this.#findSession(exchange) ?? this.#describe(exchange);
  }

  forward(exchange: Exchange): Promise<Forwarded<McpPayload>> {
    return forwardToUpstream(this.parts, this.request, exchange);
  }

  codeOf(refusal: Refusal): number {
    return this.request.fault?.code ?? rpcCodeOf(refusal);
  }

  #findSession(exchange: Exchange): Refusal | undefined {
    const { request, parts } = this;
    if (request.message?.kind === 'request' && request.message.method === 'initialize') return undefined;
    if (request.sessionId === undefined) return this.#fault(FAULTS.noSession, false);
    const agentId = exchange.identity?.agentId ?? '';
    request.session = parts.sessions.find(request.sessionId, agentId, exchange.serverId) ?? null;
    return request.session ? undefined : this.#fault(FAULTS.unknownSession, false);
  }

  #describe(exchange: Exchange): Call | Refusal {
    const { message, session } = this.request;
    if (this.request.kind === 'listen') return protocolCall('GET', 'listen', 'silent');
    if (!message) return this.#fault(FAULTS.noMessage);
    if (message.kind === 'request') {
      const call = describeRequest(message);
      if (!call) return this.#fault(FAULTS.badParams);
      return this.#secretIn(exchange, unjudgedParts(message)) ?? call;
    }
    if (message.kind === 'response' && !session?.serverRequests.delete(idKey(message.id))) {
      return this.#fault(FAULTS.noMessage, false); // an answer to what nobody asked
    }
    const content = message.kind === 'response' ? message.content : message.params;
    return this.#secretIn(exchange, content) ?? protocolCall(message.kind, message.kind, 'silent');
  }

  /** What goes upstream beside a call's arguments may carry nothing out either. */
  #secretIn(exchange: Exchange, value: unknown): Refusal | undefined {
    if (value === null || !exchange.config) return undefined;
    const findings = scanJson(value, exchange.config.patterns);
    const blocking = blockingFinding(findings);
    if (!blocking) return undefined;
    exchange.dlpFindings = findings;
    exchange.dlpAction = 'blocked';
    return refuse('dlp_blocked', `the message carries ${blocking.pattern}`, {
      policy: `dlp.${blocking.pattern}`,
    });
  }

  #fault(fault: McpFault, isRecorded = true): Refusal {
    this.request.fault = fault;
    return refusalOf(fault, isRecorded);
  }
}
