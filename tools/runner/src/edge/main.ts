import { mayHaveReplicas, MODES, type Mode } from '@behavry/contracts';
import { appPort } from './app-port';
import { Edge } from './edge-server';

/** The edge as a process of its own: its mode and first port come from the environment, like those of an app. */
async function main(): Promise<void> {
  const mode = process.env['BEHAVRY_DEPLOYMENT_MODE'] as Mode;
  const base = Number(process.env['BEHAVRY_PLANE_PORT_BASE']);
  if (!MODES.includes(mode) || !Number.isInteger(base)) {
    throw new Error('the edge needs BEHAVRY_DEPLOYMENT_MODE and BEHAVRY_PLANE_PORT_BASE');
  }
  const replicas = Number(process.env['BEHAVRY_PLANE_REPLICAS'] ?? '1');
  const edge = new Edge({
    mode,
    appUrls: (app) =>
      Array.from(
        { length: mayHaveReplicas(app, mode) ? replicas : 1 },
        (_, index) => `http://127.0.0.1:${appPort(base, app, index + 1)}`,
      ),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void edge.close().then(() => process.exit(0)));
  }
  await edge.listen(base);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
