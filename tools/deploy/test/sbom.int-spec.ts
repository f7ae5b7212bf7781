import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
const SCHEMAS = join(ROOT, 'node_modules', '@cyclonedx', 'cyclonedx-library', 'res', 'schema');

/** Licences that allow us to give the program away with no more than a notice. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];

interface Component {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly 'bom-ref': string;
  readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
  readonly properties?: readonly unknown[];
}
interface Sbom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const apps = readdirSync(join(ROOT, 'apps')).filter((app) =>
  existsSync(join(ROOT, 'apps', app, 'src', 'main.ts')),
);
const readText = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const sbomOf = (app: string): Sbom => JSON.parse(readText('dist', 'apps', app, 'sbom.cdx.json')) as Sbom;
const fullName = ({ group, name, version }: Component): string =>
  `${group === undefined ? '' : `${group}/`}${name}@${version}`;

/** Packages named by the comments that the bundler leaves above each file's code. */
function packagesIn(app: string): Set<string> {
  const versions = (JSON.parse(readText('package-lock.json')) as { packages: Record<string, Component> })
    .packages;
  const programs = readdirSync(join(ROOT, 'dist', 'apps', app)).filter((file) => file.endsWith('.js'));
  const found = new Set<string>();
  for (const program of programs) {
    for (const [, path = ''] of readText('dist', 'apps', app, program).matchAll(
      /^ *\/\/ (node_modules\/.+)$/gm,
    )) {
      const [key = ''] = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
      found.add(`${key.split('node_modules/').at(-1)}@${versions[key]?.version}`);
    }
  }
  return found;
}

describe('the bill of materials of an app', () => {
  beforeAll(() => {
    execFileSync(process.execPath, ['tools/bin/lib/build-changed.mjs'], { cwd: ROOT });
  }, 600_000);

  it.each(apps)('of %s names the packages in its bundle and no other', (app) => {
    const bundled = sbomOf(app).components.filter(({ properties }) => properties === undefined);
    const packages = packagesIn(app);
    expect(bundled.map(fullName).sort()).toEqual([...packages].sort());
  });

  it('is checked against many packages', () => {
    expect(packagesIn('identity-jwks').size).toBeGreaterThan(100);
  });

  it('names what an app takes along beside its bundle', () => {
    const beside = apps.flatMap((app) =>
      sbomOf(app)
        .components.filter(({ properties }) => properties !== undefined)
        .map(({ group, name }) => `${app}: ${group}/${name}`),
    );
    const platform = readdirSync(join(ROOT, 'node_modules', '@node-rs'));
    expect(beside.sort()).toEqual(platform.map((name) => `identity-jwks: @node-rs/${name}`).sort());
  });

  it.each(apps)('of %s is a CycloneDX 1.6 document', (app) => {
    const schema = (name: string): object =>
      JSON.parse(readFileSync(join(SCHEMAS, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
    const ajv = new Ajv({ strict: false, formats: { 'idn-email': true, 'iri-reference': true } });
    addFormats(ajv);
    ajv.addSchema(schema('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json');
    ajv.addSchema(schema('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json');
    const validate = ajv.compile(schema('bom-1.6'));
    validate(sbomOf(app));
    expect(validate.errors).toBeNull();
    expect(validate({ ...sbomOf(app), specVersion: 6 })).toBe(false);
  });

  it.each(apps)('of %s has allowed licences, and a known package at each end of a dependency', (app) => {
    const { components, dependencies } = sbomOf(app);
    const licences = components.flatMap((component) =>
      component.licenses.map(({ license, expression }) => license?.id ?? expression),
    );
    expect(licences.filter((licence) => !ALLOWED.includes(licence ?? ''))).toEqual([]);
    const refs = dependencies.map(({ ref }) => ref);
    expect(new Set(refs).size).toBe(components.length + 1);
    expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual(
      [],
    );
  });
});
