import { Client } from 'pg';
import {
  describeWithOpa,
  describeWithRedis,
  startTestOpa,
  startTestPostgres,
  startTestRedis,
  tempDir,
} from '../src';
import { request } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

describe('the components for tests', () => {
  it('gives an empty database on a real PostgreSQL and takes the server away again', async () => {
    const postgres = await startTestPostgres();
    const url = await postgres.createDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    expect(rows[0]?.version).toBeGreaterThanOrEqual(150000);
    await client.end();
    await postgres.stop();
    const again = new Client({ connectionString: url });
    again.on('error', () => undefined);
    await expect(again.connect()).rejects.toThrow();
  });
});

describeWithRedis('Redis for tests', () => {
  it('starts and stops', async () => {
    const redis = await startTestRedis();
    expect(redis?.url).toMatch(/^redis:/u);
    await redis?.stop();
  });
});

describeWithOpa('OPA for tests', () => {
  it('decides with the files it is given, over a unix socket', async () => {
    const file = join(tempDir(), 'a.rego');
    writeFileSync(file, 'package a\n\nb := 1 + 1\n');
    const opa = await startTestOpa({ files: [file] });
    const answer = await new Promise<string>((resolve, reject) => {
      request({ socketPath: opa.socket, path: '/v1/data/a/b' }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      })
        .once('error', reject)
        .end();
    });
    expect(JSON.parse(answer)).toEqual({ result: 2 });
    await opa.stop();
  });
});
