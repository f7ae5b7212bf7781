import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Pool } from 'pg';
import { Counter, Gauge } from 'prom-client';
import { request } from 'undici';
import { AUDIT_EVENTS_QUEUE, type AuditEvent, type SpoolEntry } from '@behavry/contracts';
import { verifyChain } from '@behavry/domain';
import { createLogger, databaseLogin, QueueBroker } from '@behavry/platform';
import {
  describeWithRedis,
  eventually,
  freePortBlock,
  startTestPostgres,
  startTestRedis,
  workspaceRoot,
  type TestPostgres,
} from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf, TENANT } from './entries';
import { makePlane, redisPrefix, type TestPlane } from './running-writer';

const SPOOLS = 4;
const BATCHES = 30;
const PAIRS = 50;
let postgres: TestPostgres;

beforeAll(async () => {
  execFileSync(process.execPath, [join(workspaceRoot(), 'tools/build/build.mjs'), 'audit-writer'], {
    stdio: 'inherit',
  });
  postgres = await startTestPostgres();
}, 120_000);
afterAll(async () => {
  await postgres.stop();
});

describe('kill -9 of the writer in the middle of its batches', () => {
  it('leaves no gap and no double on PostgreSQL alone', () => journey(undefined), 120_000);
  describeWithRedis('with Redis', () => {
    it('leaves no gap and no double', async () => {
      const redis = await startTestRedis();
      try {
        await journey(redis?.url);
      } finally {
        await redis?.stop();
      }
    }, 120_000);
  });
});

async function journey(redisUrl: string | undefined): Promise<void> {
  const plane = await makePlane(await postgres.createDatabase(), redisUrl);
  const owner = new Pool({ connectionString: plane.dbUrl });
  const log = createLogger('mcp-proxy', 'silent', {});
  const broker = new QueueBroker(
    'mcp-proxy',
    redisUrl === undefined
      ? { kind: 'postgres', login: databaseLogin(plane.dbUrl, 'app', plane.keys) }
      : { kind: 'redis', url: redisUrl, prefix: redisPrefix(plane) },
    plane.keys,
    log,
    {
      jobs: new Counter({ name: 'jobs', help: '-', labelNames: ['queue', 'result'], registers: [] }),
      failing: new Gauge({ name: 'failing', help: '-', labelNames: ['queue'], registers: [] }),
    },
  );
  const producer = broker.producer(AUDIT_EVENTS_QUEUE);
  const position = async (spool: string): Promise<number> => {
    const { rows } = await owner.query('SELECT position FROM data.spool_positions WHERE spool_id = $1', [
      spool,
    ]);
    return Number(rows[0]?.position ?? 0);
  };
  const ids = new Set<string>();
  let isOver = false;
  /** As a proxy does it: one batch in flight, sent again when nobody acknowledges it. */
  const spoolOut = async (): Promise<void> => {
    const spool = randomUUID();
    for (let batch = 0, first = 1; batch < BATCHES; batch++) {
      const entries = Array.from({ length: PAIRS }, () => decisionOf({})).flatMap(
        (decision): SpoolEntry[] => {
          ids.add(decision.id);
          return [decision, outcomeOf(decision.id)];
        },
      );
      const last = first + entries.length - 1;
      for (let attempt = 0; !isOver && (await position(spool)) < last; attempt++) {
        const jobId = `${spool}-${String(first)}-${String(attempt)}`;
        await producer.add(batchOf(spool, first, entries), { jobId });
        await eventually(async () => expect(await position(spool)).toBe(last), { timeoutMs: 2_000 }).catch(
          () => undefined,
        );
      }
      first = last + 1;
    }
  };
  const rowCount = async (): Promise<number> =>
    Number((await owner.query('SELECT coalesce(max(seq), 0) AS seq FROM data.audit_head')).rows[0].seq);
  const total = SPOOLS * BATCHES * PAIRS;

  let writer = await startProcess(plane);
  const sending = Promise.all(Array.from({ length: SPOOLS }, spoolOut));
  try {
    for (const share of [0.2, 0.4, 0.7]) {
      await eventually(async () => expect(await rowCount()).toBeGreaterThan(total * share), {
        timeoutMs: 30_000,
        everyMs: 5,
      });
      const died = new Promise((resolve) => writer.once('exit', resolve));
      writer.kill('SIGKILL');
      await died;
      expect(await rowCount()).toBeLessThan(total);
      writer = await startProcess(plane);
    }
    await sending;
    const { rows } = await owner.query(
      'SELECT seq, canonical, previous_hash, hash FROM data.audit_events ORDER BY seq',
    );
    const events: AuditEvent[] = rows.map(({ canonical, previous_hash, hash }) => ({
      ...JSON.parse(canonical),
      previous_hash,
      hash,
    }));
    expect(events).toHaveLength(total);
    expect(new Set(events.map(({ id }) => id))).toEqual(ids);
    expect(verifyChain(events)).toMatchObject({ ok: true, checked: total });
    const stopped = new Promise((resolve) => writer.once('exit', resolve));
    writer.kill('SIGTERM');
    expect(await stopped).toBe(0);
  } finally {
    isOver = true;
    await sending.catch(() => undefined);
    writer.kill('SIGKILL');
    await broker.close();
    await owner.end();
  }
}

async function startProcess(plane: TestPlane): Promise<ChildProcess> {
  const port = await freePortBlock(2);
  const child = spawn(process.execPath, [join(workspaceRoot(), 'dist/apps/audit-writer/main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      BEHAVRY_DEPLOYMENT_MODE: 'data-plane',
      BEHAVRY_PORT: String(port),
      BEHAVRY_DB_URL: plane.dbUrl,
      ...(plane.redisUrl === undefined
        ? {}
        : { BEHAVRY_REDIS_URL: plane.redisUrl, BEHAVRY_REDIS_PREFIX: redisPrefix(plane) }),
      BEHAVRY_TENANT_ID: TENANT,
      BEHAVRY_DATA_DIR: plane.folder,
      BEHAVRY_SECRETS_DIR: plane.folder,
    },
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)));
  await eventually(
    async () => {
      expect(child.exitCode === null ? '' : said).toBe('');
      const { statusCode, body } = await request(`http://127.0.0.1:${String(port + 1)}/health/ready`);
      await body.dump();
      expect(statusCode).toBe(200);
    },
    { timeoutMs: 60_000 },
  );
  return child;
}
