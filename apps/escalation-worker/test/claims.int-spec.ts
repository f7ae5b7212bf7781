import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { ClaimAnswer, ConfigDocument } from '@behavry/contracts';
import { eventually, putAsOwner } from '@behavry/testing';
import { ClaimService } from '../src/claims/claim.service';
import { API_KEY, call, runningWorker, TENANT } from './running-worker';

const its = runningWorker();
const { ask, claim, people, restart } = its;

describe('an escalated call', () => {
  it('waits, is approved by a person, and goes on exactly once whoever asks at the same time', async () => {
    const request = call();
    const first = await claim(request);
    expect(first.state).toBe('pending');
    const approved = await people('POST', `/${first.escalation_id}/approve`, ['analyst'], {
      comment: 'fine',
    });
    expect(approved).toMatchObject({
      status: 200,
      body: { status: 'approved', decided_by: 'ann', comment: 'fine' },
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => claim({ ...request, decision_id: randomUUID() })),
    );
    expect(answers.filter(({ state }) => state === 'approved')).toHaveLength(1);
    const waiting = new Set(
      answers.filter(({ state }) => state === 'pending').map((answer) => answer.escalation_id),
    );
    expect(waiting.size).toBe(1);
    expect(waiting.has(first.escalation_id)).toBe(false);
  });

  it.each([
    ['arguments', { arguments_digest: 'sha256:other' }],
    ['version of the policy', { policy_version: 2 }],
    ['policy', { policy_id: 'policy-2' }],
    ['registration of the server', { server_digest: 'digest-2' }],
    ['tool', { tool: 'delete_file' }],
  ])('with another %s than the approved one is judged afresh', async (_what, change) => {
    const request = call();
    const { escalation_id: id } = await claim(request);
    await people('POST', `/${id}/approve`, ['analyst'], {});
    expect((await claim({ ...request, ...change })).state).toBe('pending');
    expect((await claim(request)).state).toBe('approved');
  });

  it('is shown to a key, and decided by none: that takes a person who signed in', async () => {
    const { escalation_id: id } = await claim(call());
    const byKey = async (method: 'GET' | 'POST', path: string): Promise<number> => {
      const url = `/api/v1/escalations/${id}${path}`;
      const headers = { authorization: `Bearer ${API_KEY}` };
      return (await its.app.inject({ method, url, headers })).statusCode;
    };
    expect(await byKey('GET', '')).toBe(200);
    expect(await byKey('POST', '/approve')).toBe(403);
    expect(await byKey('POST', '/deny')).toBe(403);
    expect((await people('POST', `/${id}/approve`, ['analyst'], {})).status).toBe(200);
  });

  it('held open is answered the moment a person decides', async () => {
    const request = call({ hold_ms: 20_000 });
    const held = claim(request);
    let id = '';
    await eventually(async () => {
      const { body } = await people('GET', '?status=pending', ['viewer']);
      id = body.escalations?.find((each) => each.agent_id === request.agent_id)?.id ?? '';
      expect(id).not.toBe('');
    });
    await people('POST', `/${id}/deny`, ['analyst'], {});
    expect(await held).toEqual({ state: 'denied', escalation_id: id });
  });

  it('whose proxy went away uses no approval up', async () => {
    const request = call({ hold_ms: 30_000 });
    const { escalation_id: id } = await claim({ ...request, hold_ms: 0 });
    const gone = new AbortController();
    const held = claim(request, gone.signal).catch(() => 'gone');
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    expect(await held).toBe('gone');
    await people('POST', `/${id}/approve`, ['analyst'], {});
    await eventually(async () =>
      expect(await claim({ ...request, hold_ms: 0 })).toEqual({ state: 'approved', escalation_id: id }),
    );
  });

  it('whose proxy goes away while it is answered gives the approval back', async () => {
    const request = call();
    const { escalation_id: id } = await claim(request);
    await people('POST', `/${id}/approve`, ['analyst'], {});
    const gone = new AbortController();
    const asked = its.app.get(ClaimService).claim(request, gone.signal);
    gone.abort();
    expect(await asked).toBeUndefined();
    expect((await claim(request)).state).toBe('approved');
    expect((await claim(request)).state).toBe('pending');
  });

  it('runs out by its deadline and is then denied, and cannot be approved any more', async () => {
    const request = call({ risk_tier: 'critical' });
    const { escalation_id: id } = await claim(request);
    its.clock.advance(5 * 60_000 + 1);
    const late = await people('POST', `/${id}/approve`, ['analyst'], {});
    expect(late).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    expect(await claim(request)).toEqual({ state: 'expired', escalation_id: id });
  });

  it('survives a restart of the worker', async () => {
    const request = call();
    const { escalation_id: id } = await claim(request);
    await people('POST', `/${id}/approve`, ['analyst'], {});
    await restart();
    expect(await claim(request)).toEqual({ state: 'approved', escalation_id: id });
  });

  it('is ended by a kill switch', async () => {
    const request = call();
    const { escalation_id: id } = await claim(request);
    const document = {
      schema: 1,
      tenant_id: TENANT,
      revision: '20260601T000000Z',
      generation: 1,
      agents: [],
      mcp_servers: [],
      dlp_patterns: [],
      kill_switches: [{ id: 'k', scope: 'agent', target: request.agent_id, reason: 'test' }],
    } as unknown as ConfigDocument;
    await putAsOwner(its.app, 'config', document);
    await eventually(async () =>
      expect((await people('GET', `/${id}`, ['viewer'])).body['status']).toBe('cancelled'),
    );
    expect((await claim(request)).state).toBe('denied');
    const late = await claim(call({ agent_id: request.agent_id }));
    await eventually(async () =>
      expect((await people('GET', `/${late.escalation_id}`, ['viewer'])).body['status']).toBe('cancelled'),
    );
  });
});

describe('too many calls', () => {
  afterEach(async () => {
    await restart();
  });

  it('of one agent are refused beyond its limit, also when they come at once; other agents go on', async () => {
    await restart({ BEHAVRY_ESCALATION_MAX_OPEN_PER_AGENT: '3' });
    const agent = randomUUID();
    const known = call({ agent_id: agent });
    await claim(known);
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const response = await ask(call({ agent_id: agent }));
        return (await response.json()) as ClaimAnswer;
      }),
    );
    expect(answers.filter(({ state }) => state === 'pending')).toHaveLength(2);
    expect(answers.filter((answer) => answer.state === 'limit')).toHaveLength(10);
    expect((await claim(known)).state).toBe('pending');
    expect((await claim(call())).state).toBe('pending');
    const [first] = answers.flatMap((answer) => (answer.state === 'pending' ? [answer.escalation_id] : []));
    await people('POST', `/${first ?? ''}/deny`, ['analyst'], {});
    expect((await claim(call({ agent_id: agent }))).state).toBe('pending');
  });

  it('of a tenant are refused beyond its limit', async () => {
    await restart({ BEHAVRY_ESCALATION_MAX_OPEN: '1' });
    await claim(call()).catch(() => undefined);
    expect(await (await ask(call())).json()).toEqual({ state: 'limit' });
  });

  it('and a call too large to be looked at are refused', async () => {
    expect((await ask(call({ arguments: { text: 'x'.repeat(1024 * 1024) } }))).status).toBe(413);
    expect((await ask(call({ arguments: { text: 'x'.repeat(4 * 1024 * 1024) } }))).status).toBe(413);
    expect((await ask(call({ arguments: { text: 'x'.repeat(1000 * 1024) } }))).status).toBe(200);
  });
});

describe('the people who decide', () => {
  it('see the arguments only when they may decide', async () => {
    const { escalation_id: id } = await claim(call());
    expect((await people('GET', `/${id}`, ['viewer'])).body).not.toHaveProperty('arguments');
    expect((await people('GET', `/${id}`, ['analyst'])).body).toMatchObject({
      arguments: { canary: 'payload-canary' },
      beside: { _meta: { note: 'beside-canary' } },
      server_digest: 'digest-1',
      policy_id: 'policy-1',
      policy_version: 1,
      target: '/x',
    });
  });

  it('find no text of a call in lists, and none lies in the database in clear', async () => {
    const secret = `canary-${randomUUID()}`;
    const target = { class: 'command', key: 'cd', shown: null } as const;
    const { escalation_id: id } = await claim(call({ arguments: { command: secret }, target }));
    const list = await people('GET', '?limit=100', ['admin']);
    expect(list.body.escalations?.find((each) => each.id === id)).toMatchObject({ target: 'command:cd' });
    expect(JSON.stringify(list.body)).not.toContain('canary');
    expect(JSON.stringify(list.body)).not.toContain('arguments"');
    const client = new Client({ connectionString: its.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ text: string }>(
      'SELECT e::text AS text FROM data.escalations e WHERE id = $1',
      [id],
    );
    await client.end();
    expect(rows[0]?.text).toContain('command:cd');
    expect(rows[0]?.text).not.toContain(secret);
  });

  it('need the role analyst, and never see another tenant', async () => {
    const { escalation_id: id } = await claim(call());
    expect((await people('POST', `/${id}/approve`, ['viewer'], {})).status).toBe(403);
    const other = '019a0000-0000-7000-8000-0000000000ff';
    expect((await people('POST', `/${id}/approve`, ['admin'], {}, other)).status).toBe(404);
    expect((await people('GET', '', ['admin'], undefined, other)).body).toEqual({
      escalations: [],
      total: 0,
    });
  });
});

it('strangers cannot claim', async () => {
  const response = await fetch(`${its.opsUrl}/internal/claims`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(401);
});
