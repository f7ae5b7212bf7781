import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decisionEngineContract } from '../../test/decision-engine.contract';
import { ALLOW, FakeDecisionEngine } from '../../test/fake-decision-engine';
import { sampleInput } from '../../test/sample-input';
import { CircuitBreaker } from './circuit-breaker';
import { OpaDecisionEngine } from './opa-decision-engine';
import { readPolicyDecision } from './policy-decision';

decisionEngineContract(
  'FakeDecisionEngine',
  () =>
    new FakeDecisionEngine(({ request: { tool_name: tool } }) => {
      const results: Record<string, 'allow' | 'deny' | 'escalate' | 'restrict'> = {
        echo: 'allow',
        drop: 'deny',
        pay: 'escalate',
        list: 'restrict',
      };
      const result = results[tool];
      if (!result) return { ok: false, fault: 'opa_undefined' };
      const obligations = tool === 'list' ? [{ name: 'max_result_bytes' as const, value: 10 }] : [];
      return { ok: true, decision: { ...ALLOW, result, obligations } };
    }),
);

describe('the OPA adapter, when OPA misbehaves', () => {
  let server: Server;
  let answer: RequestListener = () => undefined;
  let engine: OpaDecisionEngine;

  beforeAll(async () => {
    server = createServer((request, response) => {
      answer(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  // Time stands still for the breaker, and no answer that comes is late, however busy the machine is.
  const engineWith = (timeoutMs: number): OpaDecisionEngine => {
    const { port } = server.address() as AddressInfo;
    return new OpaDecisionEngine({ url: `http://127.0.0.1:${String(port)}`, timeoutMs, now: () => 0 });
  };
  beforeEach(() => {
    engine = engineWith(20_000);
  });
  afterEach(() => engine.close());
  afterAll(
    () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(closed);
      }),
  );

  const says = (status: number, body: string): void => {
    answer = (_request, response) => response.writeHead(status).end(body);
  };
  const decision = (changes: object): string => JSON.stringify({ result: { ...ALLOW, ...changes } });

  it.each([
    ['opa_undefined', 200, '{}'],
    ['opa_error', 500, '{"code":"internal_error"}'],
    ['opa_error', 401, '{"code":"unauthorized"}'],
    ['opa_malformed', 200, 'not json'],
    ['opa_malformed', 200, '[]'],
    ['opa_malformed', 200, '{"result":true}'],
    ['opa_malformed', 200, decision({ result: 'ALLOW' })],
    ['opa_malformed', 200, decision({ revision: '' })],
    ['opa_malformed', 200, decision({ policy: null })],
    ['opa_malformed', 200, decision({ obligations: {} })],
    ['opa_malformed', 200, decision({ obligations: [{ name: 'open_the_door' }] })],
    ['opa_malformed', 200, decision({ obligations: [{ name: 'max_result_bytes' }] })],
    ['opa_malformed', 200, decision({ reason: 'x'.repeat(300_000) })],
  ])('gives %s for %i %s', async (fault, status, body) => {
    says(status, body);
    expect(await engine.decide(sampleInput('echo'))).toEqual({ ok: false, fault });
  });

  it('accepts a decision', async () => {
    says(200, decision({}));
    expect(await engine.decide(sampleInput('echo'))).toEqual({ ok: true, decision: ALLOW });
  });

  it('gives opa_timeout for silence, and for a body that never ends', async () => {
    const impatient = engineWith(100);
    answer = () => undefined;
    expect(await impatient.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'opa_timeout' });
    answer = (_request, response) => response.writeHead(200).write('{"result":');
    expect(await impatient.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'opa_timeout' });
    await impatient.close();
  });

  it('asks again when OPA closed a kept connection', async () => {
    says(200, decision({}));
    await engine.decide(sampleInput('echo'));
    let asked = 0;
    answer = (request, response) => {
      if (++asked === 1) request.socket.destroy();
      else response.end(decision({}));
    };
    expect(await engine.decide(sampleInput('echo'))).toMatchObject({ ok: true });
  });

  it('stops asking after five failures in a row', async () => {
    let asked = 0;
    answer = (request) => {
      asked++;
      request.socket.destroy();
    };
    for (let count = 0; count < 8; count++) await engine.decide(sampleInput('echo'));
    expect(asked).toBe(10); // five calls, each asked twice
  });
});

describe('the circuit breaker', () => {
  it('lets one call try after a while, and closes when that one succeeds', () => {
    let now = 0;
    const breaker = new CircuitBreaker(() => now, 2, 100);
    for (let count = 0; count < 2; count++) {
      expect(breaker.permits()).toBe(true);
      breaker.report(false);
    }
    expect(breaker.permits()).toBe(false);
    now = 101;
    expect(breaker.permits()).toBe(true);
    expect(breaker.permits()).toBe(false);
    breaker.report(true);
    expect(breaker.permits()).toBe(true);
  });
});

describe('reading a decision', () => {
  it('drops what it does not know beside a known obligation', () => {
    const read = readPolicyDecision({
      ...ALLOW,
      obligations: [{ name: 'read_only', value: 'x', more: 1 }],
      extra: 1,
    });
    expect(read).toEqual({ ...ALLOW, obligations: [{ name: 'read_only' }] });
  });
});
