import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '@behavry/components';
import { KUBERNETES_VERSION } from '../validate';

/** Patch release of {@link KUBERNETES_VERSION} that is built. */
const RELEASE = `${KUBERNETES_VERSION}.2`;
const ETCD = 'go.etcd.io/etcd/server/v3';
const KWOK = 'sigs.k8s.io/kwok/cmd/kwok@v0.7.0';
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** Modules that bring definitions of kinds which our components use, and where in them those lie. */
const DEFINITIONS: readonly (readonly [string, string, RegExp])[] = [
  ['sigs.k8s.io/gateway-api@v1.3.0', 'config/crd/standard', /_(?:gateways|httproutes)\.yaml$/u],
  [
    'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    'example/prometheus-operator-crd',
    /_servicemonitors\.yaml$/u,
  ],
  [
    'github.com/external-secrets/external-secrets@v0.19.2',
    'config/crds/bases',
    /^external-secrets\.io_externalsecrets\.yaml$/u,
  ],
];

/** The parts of a cluster that runs no container, as programs of this machine. */
export interface ClusterPrograms {
  readonly release: string;
  /** @returns path of a program */
  readonly program: (name: 'etcd' | 'kwok' | (typeof PROGRAMS)[number]) => string;
  /** Files with CustomResourceDefinitions. */
  readonly definitions: readonly string[];
}

/**
 * Builds them with Go, from the public modules, and keeps them in the user's cache by version. The first time takes
 * five to ten minutes and 3 GB of Go's own cache.
 * @throws Error with the last lines of what Go said
 */
export async function clusterPrograms(say: (line: string) => void): Promise<ClusterPrograms> {
  const folder = join(cacheFolder(), `k8s-${RELEASE}`);
  if (!existsSync(folder)) await build(folder, say);
  const crds = join(folder, 'crds');
  return {
    release: RELEASE,
    program: (name) => join(folder, 'bin', name),
    definitions: readdirSync(crds).map((name) => join(crds, name)),
  };
}

async function build(folder: string, say: (line: string) => void): Promise<void> {
  const work = `${folder}.${process.pid}`;
  const bin = join(work, 'bin');
  mkdirSync(join(work, 'etcd'), { recursive: true });
  mkdirSync(join(work, 'crds'));
  try {
    const kubernetes = await download(work, `k8s.io/kubernetes@v${RELEASE}`);
    writeModule(work, readFileSync(kubernetes.GoMod, 'utf8'));
    await go(work, ['mod', 'tidy', '-e']);
    const version = 'k8s.io/component-base/version';
    const [major, minor] = RELEASE.split('.');
    const flags = `-s -w -X ${version}.gitVersion=v${RELEASE} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`;
    for (const target of ['./etcd', ...PROGRAMS.map((name) => `k8s.io/kubernetes/cmd/${name}`)]) {
      say(`building ${target}`);
      await go(work, ['build', '-ldflags', flags, '-o', `${bin}/`, target]);
    }
    say(`building ${KWOK}`);
    await go(work, ['install', '-ldflags', '-s -w', KWOK], { GOBIN: bin });
    for (const [module, below, pattern] of DEFINITIONS) {
      const { Dir } = await download(work, module);
      for (const name of readdirSync(join(Dir, below)).filter((each) => pattern.test(each)))
        copyFileSync(join(Dir, below, name), join(work, 'crds', name));
    }
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A module that takes Kubernetes' own parts in the versions that belong together, and etcd as Kubernetes names it. */
function writeModule(work: string, goMod: string): void {
  const parts = [...goMod.matchAll(/^\s+(k8s\.io\/[a-z0-9-]+) => \.\/staging/gmu)].map(
    ([, name = '']) => name,
  );
  const etcd = /go\.etcd\.io\/etcd\/client\/v3 (v\S+)/u.exec(goMod)?.[1] ?? '';
  const staging = `v0.${RELEASE.split('.').slice(1).join('.')}`;
  const lines = [
    'module behavry.com/cluster-programs',
    /^go .*$/mu.exec(goMod)?.[0] ?? '',
    `require k8s.io/kubernetes v${RELEASE}`,
    `require ${ETCD} ${etcd}`,
    ...parts.map((name) => `replace ${name} => ${name} ${staging}`),
  ];
  writeFileSync(join(work, 'go.mod'), `${lines.join('\n')}\n`);
  const imports = PROGRAMS.map((name) => `import _ "k8s.io/kubernetes/cmd/${name}"`);
  writeFileSync(join(work, 'programs.go'), `//go:build tools\n\npackage programs\n\n${imports.join('\n')}\n`);
  writeFileSync(
    join(work, 'etcd', 'main.go'),
    `package main\n\nimport (\n\t"os"\n\n\t"${ETCD}/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n`,
  );
}

async function download(
  work: string,
  module: string,
): Promise<{ readonly GoMod: string; readonly Dir: string }> {
  return JSON.parse(await go(work, ['mod', 'download', '-json', module])) as { GoMod: string; Dir: string };
}

async function go(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn('go', args, { cwd, env: { ...process.env, GOFLAGS: '', ...env } });
  let [output, complaint] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`go ${args.join(' ')} ended with ${String(code)}: ${complaint}`);
  return output;
}
