import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually, tempDir } from '@behavry/test-components';
import { decisionEngineContract } from '../../../test/decision-engine.contract';
import { ALLOW, FakeDecisionEngine } from '../../../test/fake-decision-engine';
import { sampleInput } from '../../../test/sample-input';
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
      const { policy, policy_id, version } = ALLOW;
      const contributions = [{ policy, policy_id, version, verdict: result }];
      return { ok: true, decision: { ...ALLOW, result, obligations, contributions } };
    }),
);

const SPOKE = { policy: 'behavry.base.test', policy_id: 'id', version: 3, verdict: 'allow' as const };

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
    ['opa_malformed', 200, decision({ policy_id: undefined })],
    ['opa_malformed', 200, decision({ version: -1 })],
    ['opa_malformed', 200, decision({ is_reason_constant: 'yes' })],
    ['opa_malformed', 200, decision({ judges_truncated: null })],
    ['opa_malformed', 200, decision({ generation: 1.5 })],
    ['opa_malformed', 200, decision({ contributions: {} })],
    ['opa_malformed', 200, decision({ contributions: [{ policy: 'p', policy_id: 'i', version: 1 }] })],
    ['opa_malformed', 200, decision({ contributions: Array(33).fill(SPOKE) })],
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

  it('shows OPA the token that it was given, and none without one', async () => {
    const shown: unknown[] = [];
    answer = (request, response) => {
      shown.push(request.headers.authorization);
      response.end(decision({}));
    };
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}`;
    const known = new OpaDecisionEngine({ url, token: 'secret', timeoutMs: 20_000, now: () => 0 });
    await known.decide(sampleInput('echo'));
    await engine.decide(sampleInput('echo'));
    expect(shown).toEqual(['Bearer secret', undefined]);
    await known.close();
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

  it('counts a dropped connection against the call alone while OPA answers others', async () => {
    let asked = 0;
    answer = (request, response) => {
      if (request.url?.endsWith('/revision')) response.end('{"result":"r1"}');
      else if (++asked < 20) request.socket.destroy();
      else response.end(decision({}));
    };
    for (let count = 0; count < 8; count++) {
      expect(await engine.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'opa_error' });
    }
    asked = 20;
    expect(await engine.decide(sampleInput('echo'))).toMatchObject({ ok: true });
  });

  it('stops asking after five connections in a row that OPA dropped for everybody', async () => {
    let asked = 0;
    answer = (request) => {
      asked++;
      request.socket.destroy();
    };
    for (let count = 0; count < 8; count++) {
      expect(await engine.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'opa_unreachable' });
    }
    expect(asked).toBe(20); // five calls and the question after each, all asked twice
  });

  it('goes on asking after any number of heavy calls that end too late or in an error', async () => {
    const impatient = engineWith(50);
    answer = () => undefined;
    const late = await Promise.all(Array.from({ length: 8 }, () => impatient.decide(sampleInput('echo'))));
    expect(late).toEqual(late.map(() => ({ ok: false, fault: 'opa_timeout' })));
    says(500, '{"code":"internal_error"}');
    for (let count = 0; count < 8; count++) await impatient.decide(sampleInput('echo'));
    says(200, decision({}));
    await eventually(async () => {
      expect(await impatient.decide(sampleInput('echo'))).toMatchObject({ ok: true });
    });
    await impatient.close();
  });

  it('refuses decisions by policies older than those seen before, also after a restart', async () => {
    const generationFile = join(tempDir(), 'plane', 'generation');
    const outdated: number[][] = [];
    const { port } = server.address() as AddressInfo;
    const open = (): OpaDecisionEngine =>
      new OpaDecisionEngine({
        url: `http://127.0.0.1:${String(port)}`,
        timeoutMs: 20_000,
        now: () => 0,
        generationFile,
        onOutdated: (...seen) => outdated.push(seen),
      });
    const first = open();
    says(200, decision({ generation: 7 }));
    expect(await first.decide(sampleInput('echo'))).toMatchObject({ ok: true });
    await first.close();
    const second = open();
    says(200, decision({ generation: 6 }));
    for (let count = 0; count < 2; count++) {
      expect(await second.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'policy_outdated' });
    }
    expect(outdated).toEqual([[6, 7]]);
    says(200, decision({ generation: 8 }));
    expect(await second.decide(sampleInput('echo'))).toMatchObject({ ok: true });
    expect(readFileSync(generationFile, 'utf8')).toBe('8');
    await second.close();
    writeFileSync(generationFile, 'x');
    expect(open).toThrow('remove it to begin anew');
  });

  it('goes on deciding while the generation cannot be written, and writes it as soon as it can', async () => {
    const folder = join(tempDir(), 'plane');
    const generationFile = join(folder, 'generation');
    const faults: unknown[] = [];
    const { port } = server.address() as AddressInfo;
    const marked = new OpaDecisionEngine({
      url: `http://127.0.0.1:${String(port)}`,
      timeoutMs: 20_000,
      now: () => 0,
      generationFile,
      onUnwritten: (error) => faults.push(error),
    });
    writeFileSync(folder, 'a file in the place of the folder');
    says(200, decision({ generation: 7 }));
    for (let count = 0; count < 2; count++) {
      expect(await marked.decide(sampleInput('echo'))).toMatchObject({ ok: true });
    }
    expect(faults).toHaveLength(1);
    says(200, decision({ generation: 6 }));
    expect(await marked.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'policy_outdated' });
    rmSync(folder);
    says(200, decision({ generation: 7 }));
    expect(await marked.decide(sampleInput('echo'))).toMatchObject({ ok: true });
    expect(readFileSync(generationFile, 'utf8')).toBe('7');
    await marked.close();
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
      contributions: [{ ...SPOKE, more: 1 }],
      extra: 1,
    });
    expect(read).toEqual({ ...ALLOW, obligations: [{ name: 'read_only' }], contributions: [SPOKE] });
  });
});
