import type { ComposeProject } from './project';

/** One try to get somewhere from inside a container, and whether it must succeed. */
export interface Probe {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly mayReach: boolean;
}

/** A public address that answers everywhere where there is a way out at all (documentation range would never). */
const OUTSIDE = '1.1.1.1';
const TRY_MS = 5_000;

/**
 * What the networks of a data plane let through (docs/egress.md). The addresses of the other plane and of the world
 * stand for everything that is not named.
 * @param controlPlane host and port of the control plane, as the containers name it
 */
export function dataPlaneProbes(controlPlane: {
  readonly host: string;
  readonly port: number;
}): readonly Probe[] {
  const inner = [
    'identity-jwks',
    'license-service',
    'audit-writer',
    'behavior-monitor',
    'escalation-worker',
    'opa',
  ];
  const nowhere = inner.flatMap((from) => [
    { from, to: OUTSIDE, port: 443, mayReach: false },
    { from, to: controlPlane.host, port: controlPlane.port, mayReach: false },
    { from, to: 'mcp-everything', port: 3001, mayReach: false },
  ]);
  const proxies = ['mcp-proxy', 'llm-proxy'].flatMap((from) => [
    { from, to: 'mcp-everything', port: 3001, mayReach: true },
    { from, to: 'escalation-worker', port: 8001, mayReach: true },
    { from, to: 'uplink-gate', port: 3128, mayReach: true },
  ]);
  return [
    ...nowhere,
    ...proxies,
    { from: 'uplink-gate', to: controlPlane.host, port: controlPlane.port, mayReach: true },
    { from: 'license-service', to: 'uplink-gate', port: 3128, mayReach: true },
    { from: 'opa', to: 'uplink-gate', port: 3128, mayReach: true },
    { from: 'identity-jwks', to: 'postgres', port: 5432, mayReach: true },
    { from: 'stdio-host', to: OUTSIDE, port: 443, mayReach: false },
    { from: 'stdio-host', to: 'postgres', port: 5432, mayReach: false },
  ];
}

/**
 * Tries its arguments, `host port host port …`, one after the other, because names that lead nowhere keep the resolver
 * busy for seconds; prints how each ended.
 */
const SCRIPT = `
const tries = process.argv.slice(1).join(' ').match(/\\S+ \\S+/g).map((place) => place.split(' '));
const attempt = ([host, port]) => new Promise((resolve) => {
  const socket = require('node:net').connect({ host, port: Number(port), timeout: ${TRY_MS} });
  socket.on('connect', () => resolve('REACHED')).on('timeout', () => resolve('SILENT')).on('error', ({ code }) => resolve(code));
});
(async () => {
  const ends = [];
  for (const place of tries) ends.push(await attempt(place));
  console.log(ends.join(' '));
  process.exit(0);
})();
`;

/** @returns the probes that did not end as they must, as sentences */
export async function probe(project: ComposeProject, probes: readonly Probe[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const from of new Set(probes.map((each) => each.from))) {
    const own = probes.filter((each) => each.from === from);
    const places = own.flatMap(({ to, port }) => [to, String(port)]);
    const { output } = await project.try(['exec', '-T', from, 'node', '-e', SCRIPT, ...places]);
    const ends = output.trim().split('\n').at(-1)?.split(' ') ?? [];
    if (ends.length !== own.length) wrong.push(`${from} could not be asked: ${output.trim().slice(-200)}`);
    else
      wrong.push(
        ...own.flatMap(({ to, port, mayReach }, at) =>
          (ends[at] === 'REACHED') === mayReach
            ? []
            : [
                `${from} -> ${to}:${port} ended with ${ends[at]}, but it ${mayReach ? 'must' : 'must not'} be reached`,
              ],
        ),
      );
  }
  return wrong;
}
