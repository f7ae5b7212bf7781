import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { getOpa } from '@behavry/components';
import { describeWithOpa } from '@behavry/test-components';
import { describeWithKube, renderedPlanes, ROOT } from './testing/planes';

const run = promisify(execFile);
const POLICY = join(ROOT, 'k8s', 'policy');

describeWithKube('with kubectl', () => {
  describeWithOpa('the policies of k8s/policy', () => {
    const { planes } = renderedPlanes();
    let opa: string;
    beforeAll(async () => {
      opa = (await getOpa({ dataDir: join(ROOT, '.behavry'), say: () => undefined })).command;
    }, 300_000);

    it('find what they are for, by tests of their own', async () => {
      await run(opa, ['check', '--strict', POLICY]);
      const { stdout } = await run(opa, ['test', POLICY]);
      expect(stdout).toMatch(/^PASS: (\d+)\/\1\n$/u);
    });

    it('find nothing in any overlay', async () => {
      for (const { name, objects } of planes)
        expect({ name, denied: await denied(opa, objects) }).toEqual({ name, denied: [] });
    });

    it('find a latest image in an overlay', async () => {
      const [plane] = planes;
      const spoilt = JSON.parse(
        JSON.stringify(plane?.objects).replace(
          /"behavry\/bundle-server:[^"]*"/gu,
          '"behavry/bundle-server:latest"',
        ),
      ) as unknown[];
      expect(await denied(opa, spoilt)).toHaveLength(2);
    });
  });
});

/** @returns every denial of every package under data.k8s */
async function denied(opa: string, objects: readonly unknown[]): Promise<readonly string[]> {
  const query = '[message | some name; data.k8s[name].deny[message]]';
  const child = spawn(opa, ['eval', '--data', POLICY, '--stdin-input', '--format', 'raw', query], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ objects }));
  return JSON.parse(await text(child.stdout)) as string[];
}
