import { join } from 'node:path';
import { describeWithOpa, startTestOpa, type TestOpa } from '@behavry/test-components';
import { OpaDecisionEngine } from '../src/adapters/opa/opa-decision-engine';
import { decisionEngineContract } from './decision-engine.contract';
import { sampleInput } from './sample-input';

describeWithOpa('OPA as decision engine', () => {
  let opa: TestOpa;
  let engine: OpaDecisionEngine;

  beforeAll(async () => {
    opa = await startTestOpa({ files: [join(__dirname, 'opa', 'contract.rego')] });
    engine = new OpaDecisionEngine({ socket: opa.socket, timeoutMs: 2_000, now: () => performance.now() });
  });
  afterAll(async () => {
    await engine.close();
    await opa.stop();
  });

  decisionEngineContract('OpaDecisionEngine', () => engine);

  it('denies as unreachable once OPA is gone', async () => {
    await opa.stop();
    expect(await engine.decide(sampleInput('echo'))).toEqual({ ok: false, fault: 'opa_unreachable' });
  });
});
