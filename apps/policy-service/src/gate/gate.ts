import { Injectable } from '@nestjs/common';
import { objectOf, parsedJson, type BlastRadiusSettings } from '@behavry/contracts';
import {
  bundleFiles,
  bundleManifest,
  judgeModule,
  packageOf,
  standsAlone,
  type BundleFile,
  type PackageResult,
  type PolicyFault,
  type TenantPolicy,
} from '@behavry/domain';
import { OpaCommand } from './opa-command';
import { faultsOf, testFaultsOf, type LocatedFault } from './opa-output';
import { parseModules } from './parse-modules';
import { ShippedPolicies } from './shipped-policies';

/** A text and the category that its author gave. */
export interface PolicySource {
  readonly content: string;
  readonly category: string;
}

/** What the gate says about one policy's text. */
export type Examination =
  | { readonly ok: true; readonly policy: TenantPolicy }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

/** A tenant's active content, as a bundle would hold it. */
export interface TenantContent {
  readonly tenantId: string;
  readonly policies: readonly TenantPolicy[];
  readonly blastRadius: BlastRadiusSettings;
}

/** What became of a dry run; a decision is null where no rule defines one. */
export type DryRun =
  | { readonly ok: true; readonly decisions: readonly unknown[] }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

const DECIDE = '{i: d | some i, call in input.calls; d := data.behavry.authz.decision with input as call}';

const MANIFEST = bundleManifest({ revision: '', generation: 0, digest: '', policyCount: 0 });
/** Lets tests have packages outside `behavry`. */
const ANY_ROOT: BundleFile = { path: MANIFEST.path, content: '{"revision":"","rego_version":1}' };
const RECURSIVE_TESTS: PolicyFault = {
  code: 'tests_recursive',
  message:
    'tests that ask for the decision need a package of their own outside the categories, for example policy_test',
  row: 1,
  col: 1,
};

/** The checks that stand before a policy may reach a data plane (semantics: decisions and policy). */
@Injectable()
export class Gate {
  constructor(
    private readonly opa: OpaCommand,
    private readonly shipped: ShippedPolicies,
  ) {}

  /** Checks one text by itself: package, strict compilation, shape of its contributions. */
  async examine(tenantId: string, content: string, category: string): Promise<Examination> {
    const [examination] = await this.examineAll(tenantId, [{ content, category }]);
    return examination ?? { ok: false, faults: [] };
  }

  /** Checks texts that belong together, in a fixed number of runs; what they say of each other counts. */
  async examineAll(tenantId: string, texts: readonly PolicySource[]): Promise<readonly Examination[]> {
    const opa = this.opa.for(tenantId);
    const named = texts.map(({ content, category }) => packageOf(content, category));
    const files = texts.map(({ content }, index) => ({ path: `${String(index)}.rego`, content }));
    const sound = files.filter((_file, index) => named[index]?.ok);
    const compiled =
      sound.length === 0
        ? []
        : faultsOf(await opa.run(['check', ...this.#strict(), ...sound.map(({ path }) => path)], sound));
    if (sound.length < texts.length || compiled.length > 0) {
      return named.map((name, index) => failed(name, index, compiled));
    }
    const modules = await parseModules(
      opa,
      texts.map(({ content }) => content),
    );
    return texts.map(({ content }, index) => {
      const name = named[index];
      if (!name?.ok) return { ok: false, faults: [] };
      const { concerns, faults } = judgeModule(modules[index], name.package);
      return faults.length > 0
        ? { ok: false, faults }
        : { ok: true, policy: { id: '', version: 0, package: name.package, content, concerns } };
    });
  }

  /**
   * Compiles the whole bundle.
   * @returns faults with the entry that each lies in
   */
  async compile(content: TenantContent): Promise<readonly LocatedFault[]> {
    const opa = this.opa.for(content.tenantId);
    return faultsOf(await opa.run(['check', ...this.#strict(), '--bundle', '.'], this.#files(content)));
  }

  /**
   * Compiles what a change can break in a bundle that compiled before it: policies that refer to no other module
   * are checked by themselves; as soon as one does refer to others, the whole is compiled.
   * @param content what stays
   * @param coming what is added to it
   * @returns faults with the entry that each lies in
   */
  async compileChange(
    content: TenantContent,
    coming: readonly TenantPolicy[],
  ): Promise<readonly LocatedFault[]> {
    const all = [...content.policies, ...coming];
    return this.compile({ ...content, policies: all.every(standsAlone) ? coming : all });
  }

  /**
   * Runs a policy's tests with the whole bundle around it. They may have any package; those that ask for the
   * decision need one outside the categories, because the fold refers to all that lies in these.
   */
  async test(content: TenantContent, tests: string): Promise<readonly PolicyFault[]> {
    const files = [...this.#files(content, ANY_ROOT), { path: 'tests/policy_test.rego', content: tests }];
    const options = ['--capabilities', this.shipped.capabilitiesFile, '--format', 'json', '--bundle', '.'];
    const opa = this.opa.for(content.tenantId);
    const compiled = faultsOf(await opa.run(['check', ...options], files));
    if (compiled.some(({ code }) => code === 'rego_recursion_error')) return [RECURSIVE_TESTS];
    if (compiled.length > 0) return compiled.map(withoutFile);
    return testFaultsOf(await opa.run(['test', '--timeout', '5s', ...options], files)).map(withoutFile);
  }

  /** Asks the bundle for the decision of each input. */
  async decide(content: TenantContent, inputs: readonly unknown[]): Promise<DryRun> {
    const args = [
      'eval',
      '--capabilities',
      this.shipped.capabilitiesFile,
      '--format',
      'json',
      '--timeout',
      '15s',
    ];
    const run = await this.opa
      .for(content.tenantId)
      .run(
        [...args, '--bundle', '.', '--stdin-input', DECIDE],
        this.#files(content),
        JSON.stringify({ calls: inputs }),
      );
    const faults = faultsOf(run);
    if (faults.length > 0) return { ok: false, faults: faults.map(withoutFile) };
    const found = decisionsIn(run.stdout);
    return { ok: true, decisions: inputs.map((_input, index) => found[String(index)] ?? null) };
  }

  #strict(): readonly string[] {
    return ['--strict', '--capabilities', this.shipped.capabilitiesFile, '--format', 'json'];
  }

  #files({ policies, blastRadius }: TenantContent, manifest: BundleFile = MANIFEST): readonly BundleFile[] {
    const files = bundleFiles({
      shipped: this.shipped.modules,
      policies,
      settings: { blast_radius: blastRadius },
    });
    return [...files, manifest];
  }
}

/**
 * What one of several texts is told when not all are sound. A fault without a file of its own is told to
 * the first; a text without a fault is left without a verdict.
 */
function failed(name: PackageResult, index: number, compiled: readonly LocatedFault[]): Examination {
  if (!name.ok) return { ok: false, faults: [name.fault] };
  const own = compiled.filter(
    ({ file }) => file === `${String(index)}.rego` || (index === 0 && !/^\d+\.rego$/.test(file)),
  );
  return { ok: false, faults: own.map(withoutFile) };
}

function decisionsIn(stdout: string): Readonly<Record<string, unknown>> {
  const answer = parsedJson(stdout) as { result?: { expressions?: { value?: unknown }[] }[] } | undefined;
  return objectOf(answer?.result?.[0]?.expressions?.[0]?.value);
}

function withoutFile({ code, message, row, col }: LocatedFault): PolicyFault {
  return { code, message, row, col };
}
