import { randomUUID } from 'node:crypto';
import { PlaneState } from '@behavry/platform';
import { eventually } from '@behavry/testing';
import { runningMonitor } from './running-monitor';

const its = runningMonitor();
const { api, chained, record, tell } = its;

interface AlertList {
  readonly alerts: readonly { id: string; status: string; severity: string }[];
  readonly total: number;
}

/** Calls and refusals of an agent as the API counts them. */
async function counted(agentId: string): Promise<object> {
  const { body } = await api<{ last_hour: { calls: number; denials: number }[] }>(
    'GET',
    `/behavior/agents/${agentId}`,
  );
  return body.last_hour.map(({ calls, denials }) => ({ calls, denials }));
}

describe('rows', () => {
  it('are counted once each, told or not, told twice, late, or in the wrong order', async () => {
    const agent = randomUUID();
    const told = await chained(agent, ['allow', 'deny']);
    const untold = await chained(agent, ['deny']);
    const later = await chained(agent, ['allow']);
    await tell(later);
    await tell(told);
    await tell([...told, ...later]);
    await eventually(async () => expect(await counted(agent)).toEqual([{ calls: 4, denials: 2 }]));
    await tell(untold);
    await record(agent, ['allow']);
    await eventually(async () => expect(await counted(agent)).toEqual([{ calls: 5, denials: 2 }]));
  });

  it('that no job ever told are found by the sweep', async () => {
    const agent = randomUUID();
    await chained(agent, ['allow', 'allow']);
    await eventually(async () => expect(await counted(agent)).toEqual([{ calls: 2, denials: 0 }]));
  });
});

describe('an agent whose calls are denied', () => {
  const agent = randomUUID();

  it('has a higher score, explained, which reaches the next decision', async () => {
    await record(
      agent,
      Array.from({ length: 12 }, () => 'deny' as const),
    );
    await eventually(() => {
      expect(its.app.get(PlaneState).get('risk')?.value.agents[agent]).toEqual({ score: 25, tier: 'medium' });
    });
    const { body } = await api<{ parts: { name: string; value: number; evidence: string }[] }>(
      'GET',
      `/risk/agents/${agent}`,
    );
    expect(body.parts).toHaveLength(6);
    expect(body.parts).toContainEqual(
      expect.objectContaining({
        name: 'denial_rate',
        value: 100,
        evidence: '12 of 12 calls denied in 15 minutes',
      }),
    );
  });

  it('raises one alert, which a person acknowledges and resolves once', async () => {
    const { body } = await api<AlertList>('GET', `/alerts?agent_id=${agent}&status=open`);
    expect(body).toMatchObject({ total: 1, alerts: [{ severity: 'high' }] });
    const id = body.alerts[0]?.id ?? '';
    expect((await api('POST', `/alerts/${id}/acknowledge`)).status).toBe(200);
    expect((await api('POST', `/alerts/${id}/resolve`)).body).toMatchObject({
      status: 'resolved',
      resolved_by: 'ann',
    });
    expect(await api('POST', `/alerts/${id}/resolve`)).toMatchObject({
      status: 409,
      body: { code: 'state_conflict' },
    });
  });

  it('is counted once, also over a restart', async () => {
    await its.restart();
    await record(agent, ['allow']);
    await eventually(async () => {
      const { body } = await api<{ last_hour: { calls: number; denials: number }[] }>(
        'GET',
        `/behavior/agents/${agent}`,
      );
      expect(body.last_hour).toEqual([expect.objectContaining({ calls: 13, denials: 12 })]);
    });
  });

  it('gets better slowly', async () => {
    its.clock.advance(20 * 60_000);
    await eventually(() => {
      const score = its.app.get(PlaneState).get('risk')?.value.agents[agent]?.score ?? 0;
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThan(25);
    });
  });
});

it('scores are told anew though nothing changed, so that a silent monitor shows', async () => {
  const told = await eventually(() => {
    const value = its.app.get(PlaneState).get('risk')?.value;
    if (!value) throw new Error('no scores yet');
    return value;
  });
  its.clock.advance(20_000);
  await eventually(() => {
    expect(its.app.get(PlaneState).get('risk')?.value).toEqual({
      at: new Date(its.clock.now()).toISOString(),
      agents: told.agents,
    });
  });
});

it('an agent nobody heard of is not found', async () => {
  expect((await api('GET', `/risk/agents/${randomUUID()}`)).status).toBe(404);
});
