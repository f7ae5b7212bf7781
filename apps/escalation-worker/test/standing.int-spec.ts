import { randomUUID } from 'node:crypto';
import { call, runningWorker } from './running-worker';

const its = runningWorker();
const { claim, people, standing } = its;
const AGENT = randomUUID();

/** Opens escalations of one agent. @returns their ids */
async function opened(count: number): Promise<readonly string[]> {
  const answers = [];
  for (let each = 0; each < count; each++) answers.push(await claim(call({ agent_id: AGENT })));
  return answers.map(({ escalation_id: id }) => id);
}

describe('how escalations stand', () => {
  it('is told in the order of the ids, and uses nothing up', async () => {
    const request = call({ agent_id: AGENT });
    const { escalation_id: approved } = await claim(request);
    const [denied = '', waiting = ''] = await opened(2);
    await people('POST', `/${approved}/approve`, ['analyst'], {});
    await people('POST', `/${denied}/deny`, ['analyst'], {});
    const ids = [waiting, denied, approved, randomUUID()];
    const asked = { agent_id: AGENT, escalation_ids: ids, hold_ms: 0 };
    expect(await standing(asked)).toEqual(['pending', 'refused', 'approved', 'gone']);
    expect(await standing(asked)).toEqual(['pending', 'refused', 'approved', 'gone']);
    expect(await claim(request)).toEqual({ state: 'approved', escalation_id: approved });
    expect(await standing({ ...asked, escalation_ids: [approved] })).toEqual(['gone']);
  });

  it('is told to no other agent', async () => {
    const ids = await opened(1);
    const asked = { agent_id: randomUUID(), escalation_ids: ids, hold_ms: 0 };
    expect(await standing(asked)).toEqual(['gone']);
  });

  it('is gone ten minutes after the last decision: those that belong together wait for each other', async () => {
    const [first = '', second = ''] = await opened(2);
    const asked = { agent_id: AGENT, escalation_ids: [first, second], hold_ms: 0 };
    await people('POST', `/${first}/approve`, ['analyst'], {});
    its.clock.advance(10 * 60_000);
    expect(await standing(asked)).toEqual(['approved', 'pending']);
    expect(await standing({ ...asked, escalation_ids: [first] })).toEqual(['gone']);
    await people('POST', `/${second}/approve`, ['analyst'], {});
    its.clock.advance(10 * 60_000 - 1);
    expect(await standing(asked)).toEqual(['approved', 'approved']);
    its.clock.advance(1);
    expect(await standing(asked)).toEqual(['gone', 'gone']);
  });

  it('is refused once a deadline has passed, and gone where an approval is too old to be used', async () => {
    const request = call({ agent_id: AGENT, risk_tier: 'critical' });
    const { escalation_id: brief } = await claim(request);
    const [long = ''] = await opened(1);
    const asked = { agent_id: AGENT, escalation_ids: [brief, long], hold_ms: 0 };
    await people('POST', `/${brief}/approve`, ['analyst'], {});
    its.clock.advance(10 * 60_000);
    expect(await standing(asked)).toEqual(['gone', 'pending']);
    its.clock.advance(24 * 3_600_000);
    expect(await standing({ ...asked, escalation_ids: [long] })).toEqual(['refused']);
  });

  it('held open is told the moment a person has decided the last of them, or refused one', async () => {
    for (const [verb, states] of [
      ['approve', ['approved', 'approved']],
      ['deny', ['approved', 'refused']],
    ] as const) {
      const [first = '', second = ''] = await opened(2);
      const held = standing({ agent_id: AGENT, escalation_ids: [first, second], hold_ms: 20_000 });
      await people('POST', `/${first}/approve`, ['analyst'], {});
      await people('POST', `/${second}/${verb}`, ['analyst'], {});
      expect(await held).toEqual(states);
    }
  });

  it('is asked in one form alone, and by the apps of the plane alone', async () => {
    expect((await its.ask({} as never, undefined, '/standing')).status).toBe(422);
    const response = await fetch(`${its.opsUrl}/internal/claims/standing`, { method: 'POST' });
    expect(response.status).toBe(401);
  });
});
