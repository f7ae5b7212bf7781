import { APP_NAMES, appsOf, mayHaveSecret, MODES, ROUTE_TABLE, type AppName } from '@behavry/contracts';
import manifest from '../../../../package.json';
import { FLOWS, placesOf } from '../egress/flows';
import { podName, secretsOf, workloadsOf, type Manifest } from './manifests';
import { describeWithKube, renderedPlanes, type Plane } from './testing/planes';
import { validate } from './validate';

/** Which pods a Secret is for; those of variables that the apps' own list knows are compared with it below. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'plane-key': [...APP_NAMES, 'migrate'],
  'database-owner': ['migrate', 'postgres'],
  'first-administrator': ['migrate'],
  redis: [...APP_NAMES, 'redis'],
  'opa-access': ['opa', 'license-service', 'mcp-proxy', 'llm-proxy'],
  uplink: ['license-service'],
  providers: ['mcp-proxy', 'llm-proxy', 'audit-writer'],
  jwt: ['identity-jwks'],
};
const VARIABLE_OF: Readonly<Record<string, string>> = {
  uplink: 'BEHAVRY_DATA_PLANE_TOKEN',
  providers: 'BEHAVRY_SECRET_OPENAI_KEY',
  jwt: 'BEHAVRY_JWT_PRIVATE_KEY',
};

function apps({ objects }: Plane): readonly string[] {
  return workloadsOf(objects)
    .filter(({ metadata }) => metadata.labels?.['behavry.com/kind'] === 'app')
    .map(podName);
}

function ofKind(objects: readonly Manifest[], kind: string): readonly Manifest[] {
  return objects.filter((object) => object.kind === kind);
}

describeWithKube('every overlay', () => {
  const { planes, tools } = renderedPlanes();

  it('is there as it is and as for earnest use', () => {
    expect(planes.map(({ mode }) => mode)).toEqual(MODES.flatMap((mode) => [mode, mode]));
  });

  it('has exactly the apps of its mode, says its mode, and a service and an image for each', () => {
    for (const plane of planes) {
      const expected = appsOf(plane.mode).map(({ name }) => name);
      expect([...apps(plane)].sort()).toEqual([...expected].sort());
      const places = placesOf(plane.mode, plane.components);
      expect(workloadsOf(plane.objects).map(podName).sort()).toEqual([...places].sort());
      const services = ofKind(plane.objects, 'Service').map(({ metadata }) => metadata.name);
      expect(services).toEqual(expect.arrayContaining(expected));
      for (const workload of workloadsOf(plane.objects)) {
        const [app] = workload.spec.template.spec.containers;
        if ([...expected, 'opa', 'uplink-gate'].some((name) => name === podName(workload)))
          expect(app?.image).toBe(`behavry/${podName(workload)}:${manifest.version}`);
        for (const init of workload.spec.template.spec.initContainers ?? [])
          expect(init.image).toBe(app?.image);
      }
      const settings = ofKind(plane.objects, 'ConfigMap').map(
        ({ data }) => data?.['BEHAVRY_DEPLOYMENT_MODE'],
      );
      expect(settings).toEqual([plane.mode, plane.mode]);
    }
  });

  it('agrees with the schemas of Kubernetes, to the last field', async () => {
    for (const { name, objects } of planes) {
      const { faults, checked } = await validate(tools(), objects);
      expect({ name, faults }).toEqual({ name, faults: [] });
      expect(checked).toBeGreaterThan(30);
    }
    const misspelt = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { prots: [] } };
    expect((await validate(tools(), [misspelt])).faults).toEqual([expect.stringContaining('prots')]);
  }, 240_000);

  it('gives each secret to those alone that may have it', () => {
    for (const { objects } of planes)
      for (const workload of workloadsOf(objects))
        for (const secret of secretsOf(workload)) {
          const name = podName(workload);
          expect({ secret, for: SECRETS[secret] }).toEqual({ secret, for: expect.arrayContaining([name]) });
        }
    for (const [secret, variable] of Object.entries(VARIABLE_OF))
      expect(SECRETS[secret]).toEqual(
        APP_NAMES.filter((name) => mayHaveSecret(name, variable)).sort(byList(secret)),
      );
  });

  it('sends those that speak with the control plane through the gate, which knows no more than its address', () => {
    const through = FLOWS.filter(({ to }) => to.includes('uplink-gate')).flatMap(({ from }) => from);
    for (const { mode, objects } of planes) {
      const proxies = workloadsOf(objects).flatMap((workload) =>
        workload.spec.template.spec.containers.flatMap(({ env = [] }) =>
          env.filter(({ name }) => name === 'HTTPS_PROXY').map(({ value }) => [podName(workload), value]),
        ),
      );
      expect(Object.fromEntries(proxies)).toEqual(
        mode === 'data-plane'
          ? Object.fromEntries(through.map((place) => [place, 'http://uplink-gate:3128']))
          : {},
      );
      for (const gate of workloadsOf(objects).filter((each) => podName(each) === 'uplink-gate')) {
        expect([...secretsOf(gate)]).toEqual([]);
        expect(gate.spec.replicas).toBe(2);
      }
    }
  });

  it('has a chain of records with one writer and a migration whose name carries the version', () => {
    for (const { objects } of planes)
      expect(ofKind(objects, 'Job').map(({ metadata }) => metadata.name)).toEqual([
        `migrate-${manifest.version.replaceAll('.', '-')}`,
      ]);
  });

  it('scales both proxies and nothing else by itself', () => {
    for (const { mode, objects } of planes)
      expect(
        ofKind(objects, 'HorizontalPodAutoscaler')
          .map(({ metadata }) => metadata.name)
          .sort(),
      ).toEqual(mode === 'control-plane' ? [] : ['llm-proxy', 'mcp-proxy']);
  });

  it('leads every path of the route table to its app, under the host of its public address', () => {
    for (const { mode, objects } of planes) {
      const host = new URL(
        ofKind(objects, 'ConfigMap')[0]?.data?.['BEHAVRY_PUBLIC_URL'] ?? 'http://none.invalid',
      ).host;
      const expected = ROUTE_TABLE.filter(({ modes }) => modes.includes(mode)).flatMap(({ prefixes, app }) =>
        prefixes.map((prefix) => `${host}${prefix} → ${app}`),
      );
      expect([...routesOf(objects)].sort()).toEqual([...expected].sort());
    }
  });

  it('leaves no stand-in behind', () => {
    for (const { yaml } of planes) expect(yaml).not.toContain('plane.invalid');
  });
});

/** Sorts as a row of {@link SECRETS} does, for a comparison of sets. */
function byList(secret: string): (a: AppName, b: AppName) => number {
  const order = SECRETS[secret] ?? [];
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}

interface IngressSpec {
  readonly rules: readonly {
    readonly host: string;
    readonly http: {
      readonly paths: readonly {
        readonly path: string;
        readonly backend: { readonly service: { readonly name: string } };
      }[];
    };
  }[];
}

interface HttpRouteSpec {
  readonly hostnames: readonly string[];
  readonly rules: readonly {
    readonly matches: readonly { readonly path: { readonly value: string } }[];
    readonly backendRefs: readonly { readonly name: string }[];
  }[];
}

/** @returns `host/path → app` of an Ingress or an HTTPRoute, whichever is there */
function routesOf(objects: readonly Manifest[]): readonly string[] {
  const ingresses = ofKind(objects, 'Ingress').flatMap(({ spec }) =>
    (spec as IngressSpec).rules.flatMap(({ host, http }) =>
      http.paths.map(({ path, backend }) => `${host}${path} → ${backend.service.name}`),
    ),
  );
  const routes = ofKind(objects, 'HTTPRoute').flatMap(({ spec }) => {
    const { hostnames, rules } = spec as HttpRouteSpec;
    return rules.flatMap(({ matches, backendRefs }) =>
      matches.map(
        ({ path }) => `${hostnames.join()}${path.value} → ${backendRefs.map(({ name }) => name).join()}`,
      ),
    );
  });
  return [...ingresses, ...routes];
}
