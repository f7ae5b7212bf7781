import { APPS, MODES, type AppName, type Mode } from '@behavry/contracts';
import { Edge } from './edge-server';

/** The edge as a process of its own: its mode and first port come from the environment, like those of an app. */
async function main(): Promise<void> {
  const mode = process.env['BEHAVRY_DEPLOYMENT_MODE'] as Mode;
  const base = Number(process.env['BEHAVRY_PLANE_PORT_BASE']);
  if (!MODES.includes(mode) || !Number.isInteger(base)) {
    throw new Error('the edge needs BEHAVRY_DEPLOYMENT_MODE and BEHAVRY_PLANE_PORT_BASE');
  }
  const portOf = (app: AppName): number => base + 10 + 2 * APPS.findIndex(({ name }) => name === app);
  const edge = new Edge({
    mode,
    appUrl: (app) => `http://127.0.0.1:${portOf(app)}`,
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
