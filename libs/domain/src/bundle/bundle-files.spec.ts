import fc from 'fast-check';
import { bundleFiles, bundleManifest, contentDigest } from './bundle-files';
import { EVERYTHING, type Concerns } from './concerns';
import { packageOf } from './policy-package';
import type { BundleContent, TenantPolicy } from './policy-module';
import { signaturePayload, signatureFile, signingInput } from './bundle-signature';
import { nextRevision } from './revision';

const SETTINGS = {
  blast_radius: {
    min_delete_depth: 3,
    email_recipient_limit: 10,
    bulk_action_threshold: 50,
    config_paths: ['/etc'],
    protected_files: ['.env'],
  },
};

const SHIPPED = [
  { path: 'authz/decision.rego', content: 'package behavry.authz\n' },
  {
    path: 'base/blast_radius.rego',
    content: '# METADATA\n# custom:\n#   truncated: true\npackage behavry.base.blast_radius\n',
  },
  {
    path: 'delegation/scope.rego',
    content:
      '# METADATA\n# custom:\n#   when: [delegation]\npackage behavry.delegation.scope\n\ndeny contains {"policy": "x", "reason": "r"}\n',
  },
  { path: 'test/fold_test.rego', content: 'package behavry.fold_test\n' },
];

function policy(text: string, concerns: Concerns = EVERYTHING): TenantPolicy {
  const category = text.split('.')[1] ?? '';
  const place = packageOf(`package ${text}`, category);
  if (!place.ok) throw new Error(place.fault.message);
  return { id: `id-${text}`, version: 3, package: place.package, content: `package ${text}\n`, concerns };
}

const CONTENT: BundleContent = {
  shipped: SHIPPED,
  policies: [
    policy('behavry.base.deletes', {
      everything: false,
      tools: ['rm', 'unlink'],
      servers: [],
      actions: ['delete'],
      when: [],
      kinds: ['deny'],
      isReasonConstant: true,
      judgesTruncated: true,
    }),
    policy('behavry.authz.mine', { everything: false, tools: [], servers: ['files'], actions: [], when: [] }),
  ],
  settings: SETTINGS,
};

describe('the files of a bundle', () => {
  const files = bundleFiles(CONTENT);

  it('are the shipped modules without tests, the policies, the adapters and the data, in order', () => {
    expect(files.map(({ path }) => path)).toEqual([
      'behavry/authz/decision.rego',
      'behavry/authz/mine.rego',
      'behavry/base/blast_radius.rego',
      'behavry/base/deletes.rego',
      'behavry/data.json',
      'behavry/delegation/scope.rego',
      'behavry/simple/mine.rego',
    ]);
  });

  it('index each policy under what concerns it', () => {
    const data = JSON.parse(files.find(({ path }) => path.endsWith('data.json'))?.content ?? '') as {
      index: unknown;
    };
    expect(data.index).toEqual({
      always: [],
      tools: { rm: [[0, 'base', 'deletes']], unlink: [[0, 'base', 'deletes']] },
      servers: { files: [0, 1, 2, 3].map((rank) => [rank, 'simple', 'mine']) },
      actions: { delete: [[0, 'base', 'deletes']] },
      when: { delegation: [[0, 'delegation', 'scope']] },
    });
  });

  it('tell of each policy who it is, from what is stored and not from its text', () => {
    const data = JSON.parse(files.find(({ path }) => path.endsWith('data.json'))?.content ?? '') as {
      policies: Record<string, Record<string, unknown>>;
    };
    expect(data.policies['base']?.['deletes']).toEqual({
      policy: 'behavry.base.deletes',
      policy_id: 'id-behavry.base.deletes',
      version: 3,
      is_reason_constant: true,
      judges_truncated: true,
    });
    expect(data.policies['simple']?.['mine']).toMatchObject({
      policy: 'behavry.authz.mine',
      policy_id: 'id-behavry.authz.mine',
      is_reason_constant: false,
      judges_truncated: false,
    });
    expect(data.policies['delegation']?.['scope']).toMatchObject({
      policy: 'behavry.delegation.scope',
      policy_id: 'behavry.delegation.scope',
      version: 0,
      is_reason_constant: true,
    });
    expect(data.policies['base']?.['blast_radius']).toMatchObject({ judges_truncated: true });
  });

  it('know of a shipped policy whose reason is built from the call', () => {
    const content = 'package behavry.base.x\n\ndeny contains {"policy": "x", "reason": sprintf("%d", [1])}\n';
    const made = bundleFiles({
      ...CONTENT,
      shipped: [{ path: 'base/x.rego', content }],
      policies: [],
    });
    expect(made.find(({ path }) => path.endsWith('data.json'))?.content).toContain(
      '"is_reason_constant":false',
    );
  });

  it('refer to a policy in the simple form by static references only', () => {
    const adapter = files.find(({ path }) => path === 'behavry/simple/mine.rego')?.content;
    expect(adapter).toContain('said := data.behavry.authz.mine.deny');
    expect(adapter).not.toContain('[');
  });

  it('have a digest that only their content decides', () => {
    expect(contentDigest(files)).toBe('f4a21a1cfcdd43b6ddda358a79cb54cb58ef6b24cfaca0de4eeb98ee10fbf6e6');
  });

  it('are the same for every order of the same policies', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 12 });
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.integer()), (chosen, order) => {
        const policies = chosen.map((name) => policy(`behavry.base.p${name}`));
        const shuffled = policies
          .map((entry) => [order.next().value as number, entry] as const)
          .sort(([a], [b]) => a - b);
        const digest = (list: readonly TenantPolicy[]): string =>
          contentDigest(bundleFiles({ ...CONTENT, policies: list }));
        expect(digest(shuffled.map(([, entry]) => entry))).toBe(digest(policies));
      }),
    );
  });

  it('differ when a threshold differs', () => {
    const settings = { blast_radius: { ...SETTINGS.blast_radius, bulk_action_threshold: 51 } };
    expect(contentDigest(bundleFiles({ ...CONTENT, settings }))).not.toBe(contentDigest(files));
  });

  it('never hold two modules of one place', () => {
    const twice = { ...CONTENT, policies: [policy('behavry.base.blast_radius')] };
    expect(() => bundleFiles(twice)).toThrow('two modules want the place behavry/base/blast_radius.rego');
  });
});

describe('manifest and signature', () => {
  const manifest = bundleManifest({
    revision: '20260101T000000Z',
    generation: 7,
    digest: 'd',
    policyCount: 2,
  });

  it('own the root behavry and nothing else', () => {
    expect(JSON.parse(manifest.content)).toEqual({
      revision: '20260101T000000Z',
      roots: ['behavry'],
      rego_version: 1,
      metadata: { digest: 'd', generation: 7, policies: 2, builder: 3 },
    });
  });

  it('cover every file and the tenant', () => {
    const payload = JSON.parse(signaturePayload([manifest], 'tenant-1')) as {
      files: object[];
      scope: string;
    };
    expect(payload.scope).toBe('tenant-1');
    expect(payload.files).toEqual([
      { name: '.manifest', algorithm: 'SHA-256', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    ]);
    expect(signatureFile(signingInput('{}', 'k'), Buffer.from('s')).content).toMatch(
      /^\{"signatures":\["[^"]+\.e30\.cw"\]\}$/,
    );
  });
});

describe('the next revision', () => {
  const now = Date.UTC(2026, 2, 17, 14, 30, 22, 900);

  it('is the time of its making', () => {
    expect(nextRevision(undefined, now)).toBe('20260317T143022Z');
    expect(nextRevision('20260317T143000Z', now)).toBe('20260317T143022Z');
  });

  it('is later than the last one, whatever the clock says', () => {
    expect(nextRevision('20260317T143022Z', now)).toBe('20260317T143023Z');
    expect(nextRevision('20291231T235959Z', now)).toBe('20300101T000000Z');
  });
});
