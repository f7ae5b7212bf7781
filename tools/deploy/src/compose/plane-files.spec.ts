import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { APP_NAMES, appsOf } from '@behavry/contracts';
import { version } from '../../../../package.json';
import { planeFile, readCompose } from './plane-files';

const ROOT = join(__dirname, '../../../..');
const text = readFileSync(join(ROOT, 'docker/docker-compose.yml'), 'utf8');
const compose = readCompose(text);

interface Hardened {
  readonly profiles: readonly string[];
  readonly image?: string;
  readonly entrypoint?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly logging?: { readonly driver: string };
  readonly restart?: string;
  readonly user?: string;
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}
const services = Object.entries(compose.services as unknown as Record<string, Hardened>);

describe('docker-compose.yml', () => {
  it.each(['standalone', 'control-plane', 'data-plane'] as const)('has exactly the apps of a %s', (mode) => {
    const inMode = services
      .filter(([name, { profiles }]) => profiles.includes(mode) && APP_NAMES.some((app) => app === name))
      .map(([name]) => name);
    expect(inMode.sort()).toEqual(
      appsOf(mode)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it.each(services)('%s has no rights, a read-only root, limits, and a log that ends', (_name, service) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.logging?.driver).toBe('json-file');
    expect(service.restart).toMatch(/^(unless-stopped|no)$/);
    expect(service.image).not.toMatch(/:latest|[^}]$(?<!\d|})/);
  });

  it.each([
    ['control-plane', { postgres: /timescale/, 'opa-authoring': /\/opa:/, edge: /\/edge:/ }],
    ['data-plane', { postgres: /timescale/, opa: /\/opa:/, edge: /\/edge:/ }],
  ])('has a database, an OPA and an edge of its own for a %s', (mode, images) => {
    const own = Object.fromEntries(services.filter(([, { profiles }]) => profiles.includes(mode)));
    for (const [name, image] of Object.entries(images)) expect(own[name]?.image).toMatch(image);
    expect(Object.keys(own).filter((name) => name.startsWith('opa'))).toHaveLength(1);
    expect(own['opa-authoring']?.entrypoint?.at(-1)).toBe(
      mode === 'control-plane' ? '/opt/behavry/policies' : undefined,
    );
  });

  it("publishes the contract's ports: 8000 for the API, 80 and 443 for browsers", () => {
    const { ports } = Object.fromEntries(services)['edge'] ?? {};
    expect(ports?.map((port) => /:-(\d+)\}/.exec(port)?.[1])).toEqual(['8000', '80', '443']);
  });

  it('publishes ports of the edge, and of Grafana where it is wanted', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual([
      'edge',
      'grafana',
    ]);
  });

  it('lets only these out of the inner network', () => {
    const reaching = (network: string): string[] =>
      services.filter(([, { networks = [] }]) => networks.includes(network)).map(([name]) => name);
    expect(reaching('external')).toEqual(['uplink-gate']);
    expect(reaching('public').sort()).toEqual([
      'edge',
      'grafana',
      'llm-proxy',
      'mcp-everything',
      'mcp-proxy',
      'model-server',
    ]);
    expect((compose.networks['internal'] as { internal: boolean }).internal).toBe(true);
  });

  it('gives each secret to those alone who need it', () => {
    const readers = (variable: string): string[] =>
      services.filter(([, { environment = {} }]) => variable in environment).map(([name]) => name);
    expect(readers('BEHAVRY_DATA_PLANE_TOKEN')).toEqual(['license-service']);
    expect(readers('BEHAVRY_LICENSE_KEY')).toEqual(['license-service']);
    expect(readers('BEHAVRY_JWT_PRIVATE_KEY')).toEqual(['migrate', 'identity-jwks']);
    expect(readers('BEHAVRY_ADMIN_PASSWORD')).toEqual(['migrate']);
    expect(readers('PGPASSWORD')).toEqual(['migrate']);
    expect(readers('BEHAVRY_SECRET_OPENAI_KEY')).toEqual(['llm-proxy']);
  });

  it('starts images of this version', () => {
    const ours = [...text.matchAll(/\$\{BEHAVRY_VERSION:-([^}]+)\}|behavry\/[\w-]+:(\d[^}\s]*)\}/g)];
    expect(ours.length).toBeGreaterThan(10);
    for (const [, one, other] of ours) expect(one ?? other).toBe(version);
  });
});

describe('the file of a plane', () => {
  it.each(['control-plane', 'data-plane'] as const)('of a %s resets each inherited profile', (mode) => {
    const file = planeFile(compose, mode);
    const resets = file.split('\n').filter((line) => line === '    profiles: !reset []').length;
    expect(resets).toBe(services.filter(([, { profiles }]) => profiles.includes(mode)).length);
    expect(file).toContain(`name: behavry-${mode}`);
  });

  it.each(['control-plane', 'data-plane'] as const)(
    'of a %s declares each volume and network that it uses',
    (mode) => {
      const file = planeFile(compose, mode);
      const own = services.filter(([, { profiles }]) => profiles.includes(mode));
      const volumes = own.flatMap(([, { volumes: used = [] }]) =>
        used.map((volume) => /(?:^|:-)([a-z][a-z-]*)\}?:[/$]/.exec(volume)?.[1]),
      );
      const networks = own.flatMap(([, { networks: used = [] }]) => used);
      const declared = [...volumes, ...networks].filter((name) => name !== undefined);
      expect(declared).toContain('edge-secrets');
      if (mode === 'data-plane') expect(declared).toContain('stdio-files');
      for (const name of declared) expect(file).toContain(`\n  ${name}: {`);
    },
  );

  it.each([
    ['control-plane', ['BEHAVRY_JWT_PRIVATE_KEY', 'BEHAVRY_JWT_PUBLIC_KEY']],
    [
      'data-plane',
      [
        'BEHAVRY_CONTROL_PLANE_URL',
        'BEHAVRY_DATA_PLANE_TOKEN',
        'BEHAVRY_LICENSE_KEY',
        'BEHAVRY_JWT_PUBLIC_KEY',
        'BEHAVRY_DEPLOYMENT_ID',
        'BEHAVRY_TENANT_ID',
      ],
    ],
  ] as const)('of a %s asks for everything that the contract requires, and for nothing else', (mode, own) => {
    const file = planeFile(compose, mode);
    const asked = new Set([...file.matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable));
    expect([...asked].sort()).toEqual([...own].sort());
    for (const variable of ['BEHAVRY_ADMIN_PASSWORD', 'BEHAVRY_DB_PASSWORD'])
      expect(text).toContain(`\${${variable}:?`);
  });

  it('cannot be made for a mode that lacks an app', () => {
    const others = Object.fromEntries(
      Object.entries(compose.services).filter(([name]) => name !== 'audit-writer'),
    );
    expect(() => planeFile({ ...compose, services: others }, 'data-plane')).toThrow('lacks audit-writer');
  });
});

it("keeps the contract's configuration of a polling OPA, to the last key", () => {
  const file = readFileSync(join(ROOT, 'docker/opa/opa-data-plane.yaml'), 'utf8');
  expect(load(file)).toEqual({
    services: {
      'behavry-control': {
        url: '${CONTROL_PLANE_URL}',
        headers: { Authorization: 'Bearer ${DATA_PLANE_TOKEN}' },
      },
    },
    bundles: {
      behavry: {
        resource: '/api/v1/opa/bundle/${TENANT_ID}',
        service: 'behavry-control',
        polling: { min_delay_seconds: 30, max_delay_seconds: 120 },
      },
    },
    decision_logs: { console: true },
    status: { console: true },
  });
});
