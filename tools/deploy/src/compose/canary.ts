import {
  flowsOf,
  OUTSIDE as OUTSIDE_PLACES,
  placesOf,
  type Component,
  type Inside,
  type Place,
} from '../egress/flows';
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

/** Of the places that flows name, what cannot run the canary: stores have no Node, the migration is gone. */
const WITHOUT_NODE: readonly Place[] = ['migrate', 'postgres', 'redis'];
/** The demo's server of tools: what the proxies may reach of the world, on their way out. */
const TOOLS = { to: 'mcp-everything', port: 3001 };

/**
 * What must and what must not get through in a data plane, made from the one list of its flows: each of them that stays
 * inside is tried, and from every container the world and the other plane, which only those reach who are listed, the
 * other plane through the gate alone.
 * @param controlPlane host and port of the control plane, as the containers name it
 */
export function dataPlaneProbes(controlPlane: {
  readonly host: string;
  readonly port: number;
}): readonly Probe[] {
  const components: readonly Component[] = ['network-policy', 'in-cluster-stores'];
  const flows = flowsOf('data-plane', components);
  const places = placesOf('data-plane', components).filter((place) => !WITHOUT_NODE.includes(place));
  const other = { to: controlPlane.host, port: controlPlane.port };
  const world = { to: OUTSIDE, port: 443 };
  const isListed = (from: Place, to: Place): boolean =>
    flows.some((flow) => flow.from.includes(from) && flow.to.includes(to));
  const inner = flows
    .filter(({ compose }) => compose === 'internal')
    .flatMap(({ from, to, port }) =>
      from.flatMap((each) =>
        to
          .filter(
            (place) => places.includes(each as Inside) && !(place in OUTSIDE_PLACES) && place !== 'migrate',
          )
          .map((place) => ({ from: each, to: place, port, mayReach: true })),
      ),
    );
  const outer = places.flatMap((from) => {
    const mayLeave = isListed(from, 'internet');
    const isGate = isListed(from, 'control-plane');
    return [
      { from, ...TOOLS, mayReach: mayLeave },
      // Who may leave has a network with a way out, on which a name server or a firewall is what closes the rest.
      ...(mayLeave || isGate ? [] : [world, other].map((place) => ({ from, ...place, mayReach: false }))),
      ...(isGate ? [{ from, ...other, mayReach: true }] : []),
    ];
  });
  return [
    ...inner,
    ...outer,
    { from: 'stdio-host', ...world, mayReach: false },
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
  const containers = [...new Set(probes.map((each) => each.from))];
  const wrong = await Promise.all(
    containers.map((from) =>
      probeFrom(
        project,
        from,
        probes.filter((each) => each.from === from),
      ),
    ),
  );
  return wrong.flat();
}

async function probeFrom(
  project: ComposeProject,
  from: string,
  probes: readonly Probe[],
): Promise<readonly string[]> {
  const places = probes.flatMap(({ to, port }) => [to, String(port)]);
  const { output } = await project.try(['exec', '-T', from, 'node', '-e', SCRIPT, ...places]);
  const ends = output.trim().split('\n').at(-1)?.split(' ') ?? [];
  if (ends.length !== probes.length) return [`${from} could not be asked: ${output.trim().slice(-200)}`];
  return probes.flatMap(({ to, port, mayReach }, at) =>
    (ends[at] === 'REACHED') === mayReach
      ? []
      : [
          `${from} -> ${to}:${port} ended with ${ends[at]}, but it ${mayReach ? 'must' : 'must not'} be reached`,
        ],
  );
}
