import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DecisionEntry, OutcomeEntry, SpoolEntry } from '@behavry/contracts';
import { eventually, httpServer, stdioServer } from '@behavry/testing';
import { answer, startRecordingUpstream, type RecordingUpstream } from './recording-upstream';
import { startProxy, type RunningProxy } from './running-proxy';

/** Stands for a port of another process of the plane. */
export const OWN_PORT = 8199;

/** A proxy before a server that tests steer (`rec`), with a session of agent `a1` for each test. */
export interface Governed {
  readonly proxy: RunningProxy;
  readonly upstream: RecordingUpstream;
  readonly session: Record<string, string>;
  /** Sends a message of the session; `more` is what it has beside method and params. */
  send(method: string, params: object, more?: object): ReturnType<RunningProxy['post']>;
  /** Waits for both records of a decision. */
  rows(id: unknown): Promise<[DecisionEntry, OutcomeEntry]>;
}

/** Starts everything for the tests of the block it is called in. @returns what each test reads, once it runs */
export function governedServer(): Governed {
  let proxy: RunningProxy;
  let upstream: RecordingUpstream;
  let session: Record<string, string>;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startProxy(
      { maxBodyBytes: 64 * 1024, allowedHosts: ['agents.example.com'], planePorts: [String(OWN_PORT)] },
      [],
    );
    const secrets = join(proxy.folder, 'mcp');
    for (const server of ['rec', 'moved']) {
      mkdirSync(join(secrets, server), { recursive: true });
      writeFileSync(join(secrets, server, 'key'), 'from-file\n');
      const hosts = server === 'rec' ? new URL(upstream.url).origin : 'https://api.example.com';
      writeFileSync(join(secrets, server, 'hosts'), hosts);
    }
    const headers = { authorization: 'file:key', 'x-plain': 'plain' };
    await proxy.configure({
      mcp_servers: [
        httpServer('rec', upstream.url, { headers }),
        httpServer('off', upstream.url, { enabled: false }),
        httpServer('gone', 'http://127.0.0.1:9/mcp'),
        httpServer('nosecret', upstream.url, { headers: { 'x-key': 'env:BEHAVRY_SECRET_NOT_THERE' } }),
        httpServer('escape', upstream.url, { headers: { 'x-key': 'file:../plane.key' } }),
        httpServer('moved', upstream.url, { headers }),
        httpServer('metadata', 'http://169.254.169.254/latest/meta-data'),
        httpServer('own', `http://127.0.0.1:${String(OWN_PORT)}/metrics`),
        stdioServer('cmd', 'id', []),
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await proxy.stop();
    await upstream.stop();
  });
  beforeEach(async () => {
    upstream.behaviour = ({ body }, response) => {
      answer(response, body, { content: [] });
    };
    session = await proxy.open('rec');
    upstream.seen.length = 0;
  });

  return {
    get proxy() {
      return proxy;
    },
    get upstream() {
      return upstream;
    },
    get session() {
      return session;
    },
    send: (method, params, more = { id: 1 }) =>
      proxy.post('rec', { jsonrpc: '2.0', method, params, ...more }, session),
    rows: async (id) =>
      eventually(() => {
        const own = proxy.entries.filter((entry) => entry.id === id).flatMap(bothOf);
        expect(own).toHaveLength(2);
        return own as [DecisionEntry, OutcomeEntry];
      }),
  };
}

/** An exchange of which nothing was forwarded has one record that is both. */
function bothOf(entry: SpoolEntry): readonly object[] {
  return entry.type === 'whole' ? [entry, entry] : [entry];
}
