import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DlpPatternEntry, PlaneStateValues } from '@behavry/contracts';
import {
  createLogger,
  createService,
  ManualClock,
  NextConfig,
  PlaneSignalBus,
  PlaneState,
  ProxyConfig,
  ServiceContext,
} from '@behavry/platform';
import {
  agentEntry,
  configDocument,
  eventually,
  putAsOwner,
  startTestPlane,
  type TestPlane,
} from '@behavry/testing';
import { PlaneStateView } from '@behavry/proxy';

class NoRoutes {}

describe('the plane’s state as an exchange reads it', () => {
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 12));
  const faults: Error[] = [];
  let changes = 0;
  let wanted = 0;
  let plane: TestPlane;
  let context: ServiceContext<ProxyConfig>;
  let app: NestFastifyApplication;
  let view: PlaneStateView;

  beforeAll(async () => {
    plane = await startTestPlane({ schemas: [] });
    const config = Object.assign(new ProxyConfig(), {
      dbUrl: plane.dbUrl,
      dataDir: plane.folder,
      secretsDir: plane.folder,
    });
    const log = createLogger('mcp-proxy', 'silent', {});
    context = new ServiceContext('mcp-proxy', 'test', config, plane.keys, log, clock);
    app = await createService(
      { app: 'mcp-proxy', config: ProxyConfig, module: () => ({ module: NoRoutes }) },
      context,
    );
    app.get(PlaneSignalBus).on('config.wanted', () => {
      wanted++;
    });
    view = new PlaneStateView({
      state: app.get(PlaneState),
      nextConfig: app.get(NextConfig),
      injection: 'enforce',
      now: () => clock.now(),
      onChange: () => changes++,
      onFault: (error) => faults.push(error),
    });
  }, 120_000);
  afterAll(async () => {
    view.close();
    await app.close();
    await context.close();
    await plane.stop();
  });

  const tellRisk = (agents: PlaneStateValues['risk']['agents']): Promise<number> =>
    putAsOwner(app, 'risk', { at: new Date(clock.now()).toISOString(), agents });

  it('knows no risk before anybody told one, low of an agent that nothing is known of', async () => {
    expect(view.riskOf('a1')).toEqual({ score: 0, tier: 'unknown' });
    await tellRisk({ a1: { score: 60, tier: 'high' } });
    expect(view.riskOf('a1')).toEqual({ score: 60, tier: 'high' });
    expect(view.riskOf('a2')).toEqual({ score: 0, tier: 'low' });
    expect(view.riskOf('__proto__')).toEqual({ score: 0, tier: 'low' });
  });

  it('knows no risk any more when nobody told it for two minutes', async () => {
    clock.advance(120_000);
    expect(view.riskOf('a1').tier).toBe('high');
    clock.advance(1);
    expect([view.riskOf('a1').tier, view.riskOf('a2').tier]).toEqual(['unknown', 'unknown']);
    await tellRisk({});
    expect(view.riskOf('a1').tier).toBe('low');
  });

  it('says which patterns cannot be used, once, and that something changed', async () => {
    const before = changes;
    const broken: DlpPatternEntry = {
      id: 'broken',
      name: 'broken',
      pattern: '(',
      severity: 'low',
      tags: [],
      validator: null,
      enabled: true,
    };
    await putAsOwner(app, 'config', configDocument({ generation: 1, dlp_patterns: [broken] }));
    await putAsOwner(app, 'config', configDocument({ generation: 2, dlp_patterns: [broken] }));
    expect(changes).toBe(before + 2);
    expect(faults.map(({ message }) => message)).toEqual([expect.stringContaining('broken')]);
  });

  it('knows the sessions that were ended', async () => {
    await putAsOwner(app, 'sessions.ended', { sessions: { s1: new Date(clock.now()).toISOString() } });
    expect(['s1', 's2', '__proto__'].map((id) => view.hasSessionEnded(id))).toEqual([true, false, false]);
  });

  it('asks for a document that knows an agent and waits for it, for many at once, and not again at once', async () => {
    const asking = Promise.all([view.refreshConfig('new'), view.refreshConfig('new')]);
    await eventually(() => {
      expect(wanted).toBe(1);
    });
    // Newer, but made before the agent was there.
    await putAsOwner(app, 'config', configDocument({ generation: 3 }));
    await putAsOwner(app, 'config', configDocument({ generation: 4, agents: [agentEntry('new')] }));
    await asking;
    expect(view.config?.agent('new')).toBeDefined();
    // Another one that nobody knows is asked for, in vain, and then not again at once.
    const since = performance.now();
    await view.refreshConfig('stranger');
    expect(wanted).toBe(2);
    expect(performance.now() - since).toBeGreaterThan(1_000);
    await view.refreshConfig('stranger');
    expect(wanted).toBe(2);
    clock.advance(1_000);
    const again = view.refreshConfig('late');
    await eventually(() => {
      expect(wanted).toBe(3);
    });
    await putAsOwner(app, 'config', configDocument({ generation: 5, agents: [agentEntry('late')] }));
    await again;
  });

  it('is stale when nobody confirmed it for long, and hears nothing any more once it is closed', async () => {
    clock.advance(90_001);
    expect(view.isStale).toBe(true);
    await app.get(PlaneState).resynchronise();
    expect(view.isStale).toBe(false);
    view.close();
    const before = changes;
    await putAsOwner(app, 'config', configDocument({ generation: 5 }));
    expect(changes).toBe(before);
  });
});
