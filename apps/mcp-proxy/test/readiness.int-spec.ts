import { ServiceContext } from '@behavry/platform';
import { describeWithOpa, eventually, httpServer, putAsOwner } from '@behavry/testing';
import { startRecordingUpstream, type RecordingUpstream } from './recording-upstream';
import { initialize, startProxy, type RunningProxy } from './running-proxy';

describeWithOpa('until audit-writer has told which sessions have ended', () => {
  let upstream: RecordingUpstream;
  let proxy: RunningProxy;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy({}, [httpServer('rec', upstream.url)], false);
  }, 120_000);
  afterAll(async () => {
    await proxy.stop();
    await upstream.stop();
  });

  const health = (): ReturnType<ServiceContext['health']['report']> =>
    proxy.app.get<ServiceContext>(ServiceContext).health.report();

  it('a proxy is not ready, says why, and lets no call pass', async () => {
    await eventually(() => {
      expect(health().checks).toMatchObject({
        config: { ready: true },
        issuers: { ready: true },
        policy: { ready: true },
      });
    });
    const { sessions, ...others } = health().checks;
    expect(sessions).toEqual({ ready: false, detail: expect.stringContaining('audit-writer') });
    expect(Object.values(others).every(({ ready }) => ready)).toBe(true);
    expect(health().ready).toBe(false);
    const { json, headers } = await proxy.post('rec', initialize());
    expect(json.error?.data['reason_code']).toBe('state_stale');
    expect(upstream.seen).toEqual([]);
    const [entry] = await proxy.entriesOf(headers['x-behavry-decision']);
    expect(entry).toMatchObject({ verdict: 'deny', reason_code: 'state_stale' });
  });

  it('and from then on it is, and calls pass', async () => {
    await putAsOwner(proxy.app, 'sessions.ended', { sessions: {} });
    expect(health().ready).toBe(true);
    await proxy.open('rec');
    expect(upstream.seen).not.toEqual([]);
  });
});
