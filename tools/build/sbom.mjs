// The bill of materials of a program (CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/): the npm packages whose code is
// in its bundle, as the bundler saw it, and those it needs beside it. The same sources give the same bytes: no time, no
// serial number. Beside it go the licences of these packages.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noticesOf } from './notices.mjs';
import { ROOT } from './projects.mjs';

/** Packages that an image takes along beside the bundle; the other native ones are tried and may be missing. */
const BESIDE = ['@node-rs/argon2'];

/** Property of a component that is not in the bundle but beside it, in `node_modules`. */
const PLACE = { name: 'behavry:place', value: 'beside the bundle' };

/**
 * @param {string} name of the program
 * @param {readonly import('esbuild').Metafile[]} metafiles of all its bundles, with `metafile: true`
 * @returns {{ sbom: string, notices: string }} the document, and the licences in their own words
 * @throws when a package is not in the lock file or names no licence
 */
export function materialsOf(name, metafiles) {
  const read = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const lock = read('package-lock.json').packages;
  const { version, license } = read('package.json');
  const self = `behavry/${name}@${version}`;
  const needs = dependencyGraph(self, metafiles, lock);
  const entryOf = new Map(Object.keys(lock).map((key) => [purlOf(key, lock), key]));
  const purls = [...needs.keys()].filter((ref) => ref !== self).sort();
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': self,
        group: 'behavry',
        name,
        version,
        licenses: licencesOf(license),
      },
    },
    components: purls.map((purl) => componentOf(purl, entryOf.get(purl), lock)),
    dependencies: [self, ...purls].map((ref) => ({ ref, dependsOn: [...needs.get(ref)].sort() })),
  };
  const packages = purls.map((purl) => {
    const path = entryOf.get(purl);
    return { path, title: `${nameOf(path)} ${lock[path].version} (${lock[path].license})` };
  });
  return { sbom: `${JSON.stringify(document, null, 2)}\n`, notices: noticesOf(packages) };
}

/**
 * Who imports whom, as the bundler saw it.
 * @returns {Map<string, Set<string>>} purls that a purl needs; our own sources are under `self`
 */
function dependencyGraph(self, metafiles, lock) {
  const needs = new Map([[self, new Set()]]);
  const add = (ref) => needs.get(ref) ?? needs.set(ref, new Set()).get(ref);
  const refOf = (path) => {
    const key = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(path)?.[0];
    return key === undefined ? self : purlOf(key, lock);
  };
  for (const { inputs, outputs } of metafiles) {
    // A file of which nothing is left in the bundle brings no package into it.
    const kept = Object.values(outputs)
      .flatMap((output) => Object.entries(output.inputs))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path);
    for (const path of kept) add(refOf(path));
    for (const path of kept) {
      for (const { path: target, external } of inputs[path].imports) {
        if (external && !BESIDE.includes(target)) continue;
        const ref = external ? addBeside(target, add, lock) : refOf(target);
        if (needs.has(ref) && ref !== refOf(path)) add(refOf(path)).add(ref);
      }
    }
  }
  return needs;
}

/** Adds a package beside the bundle and its parts for this platform. */
function addBeside(name, add, lock) {
  const [main, ...parts] = withParts(name, lock).map((key) => purlOf(key, lock));
  add(main);
  for (const part of parts) {
    add(part);
    add(main).add(part);
  }
  return main;
}

function withParts(name, lock) {
  const main = `node_modules/${name}`;
  const parts = Object.keys(lock[main]?.optionalDependencies ?? {}).map((part) => `node_modules/${part}`);
  return [main, ...parts.filter((part) => existsSync(join(ROOT, part)))];
}

const nameOf = (key) => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);

function purlOf(key, lock) {
  if (lock[key] === undefined) throw new Error(`${key} is in a bundle but not in package-lock.json`);
  return `pkg:npm/${nameOf(key).replace('@', '%40')}@${lock[key].version}`;
}

function componentOf(purl, key, lock) {
  const { version, integrity = '', license } = lock[key];
  const [scope, base] = nameOf(key).startsWith('@') ? nameOf(key).split('/') : [undefined, nameOf(key)];
  const [algorithm, digest] = integrity.split('-');
  if (algorithm !== 'sha512') throw new Error(`${key} has no sha512 hash in package-lock.json`);
  if (!license) throw new Error(`${key} names no licence in package-lock.json`);
  const isBeside = BESIDE.some((name) => withParts(name, lock).includes(key));
  return {
    type: 'library',
    'bom-ref': purl,
    ...(scope === undefined ? {} : { group: scope }),
    name: base,
    version,
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    licenses: licencesOf(license),
    purl,
    ...(isBeside ? { properties: [PLACE] } : {}),
  };
}

function licencesOf(license) {
  return [/[ (]/u.test(license) ? { expression: license } : { license: { id: license } }];
}
