import { execFile, execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'undici';
import { createLogger, PlaneKeys, ServiceContext, SystemClock } from '@behavry/platform';
import { describeWithOpa, opaForTests, startTestOpa, tempDir, workspaceRoot } from '@behavry/testing';
import { Gate, type Examination } from '../src/gate/gate';
import { OpaCommand } from '../src/gate/opa-command';
import { ShippedPolicies } from '../src/gate/shipped-policies';
import { PolicyConfig } from '../src/policy-service.config';

interface BuiltIn {
  readonly name: string;
  readonly decl: { readonly args?: readonly { readonly type: string }[]; readonly result?: object };
}

const FOLDER = join(workspaceRoot(), 'policies');
const read = (file: string): unknown => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
const capabilities = read('capabilities.json') as { builtins: BuiltIn[]; allow_net: string[] };
const allowed = capabilities.builtins.map(({ name }) => name);
/** Operators of the language have a form of their own in a policy. */
const FORMS: Readonly<Record<string, string>> = {
  assign: 'x := a',
  eq: 'x = a',
  'internal.member_2': 'x := a in [a]',
  'internal.member_3': 'x := (0, a in [a])',
  'internal.template_string': 'x := $"{a}"',
  'internal.test_case': '',
  intersection: 'x := intersection({{a}, {a, "x"}})',
  union: 'x := union({{a}, {"x"}})',
  walk: 'walk({"$ref": a}, x)',
};

describeWithOpa('the built-ins that policies may use', () => {
  let command: string;
  let gate: Gate;
  let everything: readonly BuiltIn[];

  beforeAll(async () => {
    command = await opaForTests();
    const current = await promisify(execFile)(command, ['capabilities', '--current'], { maxBuffer: 1 << 26 });
    everything = (JSON.parse(current.stdout) as { builtins: BuiltIn[] }).builtins;
    const folder = tempDir();
    const config = Object.assign(new PolicyConfig(), { opaBin: command, dataDir: folder });
    const keys = PlaneKeys.readOrMake(join(folder, 'plane.key'));
    const log = createLogger('policy-service', 'silent', {});
    const context = new ServiceContext('policy-service', '0.0.0', config, keys, log, new SystemClock());
    gate = new Gate(new OpaCommand(context), await ShippedPolicies.read(FOLDER));
  });

  it('are those that have a reason, each known to OPA, and no host may be asked', () => {
    const reasons = read('built-ins.json') as Record<string, string>;
    expect(Object.keys(reasons)).toEqual(allowed);
    expect(Object.values(reasons).filter((reason) => reason.length < 10)).toEqual([]);
    expect(allowed.filter((name) => !everything.some((known) => known.name === name))).toEqual([]);
    expect(capabilities.allow_net).toEqual([]);
  });

  it('are declared as OPA declares them', () => {
    const declared = new Map(everything.map(({ name, decl }) => [name, types(decl)]));
    for (const { name, decl } of capabilities.builtins)
      expect([name, types(decl)]).toEqual([name, declared.get(name)]);
  });

  it('leave out what reaches out, reads files, crashes, draws at random or grows without bound', () => {
    const out = everything.map(({ name }) => name).filter((name) => !allowed.includes(name));
    expect(out).toEqual(
      expect.arrayContaining([
        'bits.lsh',
        'http.send',
        'json.match_schema',
        'json.patch',
        'json.verify_schema',
        'net.cidr_expand',
        'net.lookup_ip_addr',
        'numbers.range',
        'opa.runtime',
        'print',
        'rand.intn',
        'rego.parse_module',
        'strings.render_template',
        'uuid.rfc4122',
      ]),
    );
  });

  it('are the only ones: each other one is refused, and the author is told why', async () => {
    const out = everything.filter(({ name }) => !allowed.includes(name) && !name.startsWith('internal.'));
    const refusals = await Promise.all(
      out.map(async ({ name, decl }) => {
        const args = (decl.args ?? []).map((_arg, index) => `input.a${String(index)}`).join(', ');
        const content = `package behavry.base.x\n\ndeny contains {"reason": "r", "x": x} if x := ${name}(${args})\n`;
        const statement = content.replace(`x := ${name}`, name).replace(', "x": x', '');
        return [name, told(await gate.examine(name, decl.result ? content : statement, 'base'))];
      }),
    );
    expect(refusals).toHaveLength(out.length);
    for (const [name, message] of refusals) {
      expect([name, message]).toEqual([
        name,
        expect.stringMatching(/may use \(policies\/built-ins\.json\)|deprecated/),
      ]);
    }
  }, 240_000);

  it('refuse a membership test that an older OPA leaves out, and say how to write it', async () => {
    const policy = (test: string): string =>
      `package behavry.base.x\n\ndeny contains {"reason": "r"} if {\n\tset := {"rm", input.context.danger}\n\t${test}\n}\n`;
    const refused = await gate.examine(
      't1',
      policy('input.request.tool_name in {"rm", input.y}; set'),
      'base',
    );
    expect(refused).toMatchObject({ ok: false, faults: [{ code: 'membership_mixed', row: 5 }] });
    expect(told(refused)).toContain('name the set first');
    expect(await gate.examine('t1', policy('input.request.tool_name in set'), 'base')).toMatchObject({
      ok: true,
    });
  });

  describe('in an OPA that decides', () => {
    let recorder: Server;
    let pipe: string;
    let hits: string[];

    beforeEach(async () => {
      hits = [];
      recorder = createServer((request, response) => {
        hits.push(request.url ?? '');
        response.end('{}');
      });
      await new Promise<void>((listening) => recorder.listen(0, '127.0.0.1', listening));
      pipe = join(tempDir(), 'pipe');
      execFileSync('mkfifo', [pipe]);
    });
    afterEach(() => new Promise((closed) => recorder.close(closed)));

    /** Runs rules with hostile texts in every place, in an OPA that knows nothing of our list. */
    const evaluate = async (rules: readonly string[], deadlineMs: number): Promise<unknown> => {
      const file = join(tempDir(), 'canary.rego');
      writeFileSync(file, `# METADATA\n# title: canary\npackage canary\n\n${rules.join('\n\n')}\n`);
      const opa = await startTestOpa({ files: [file] });
      const pool = new Pool('http://localhost', { socketPath: opa.socket });
      try {
        const { port } = recorder.address() as AddressInfo;
        const texts = [`http://127.0.0.1:${String(port)}/leak`, `file://${pipe}`, pipe, `../../..${pipe}`];
        const answer = await pool.request({
          path: '/v1/data/canary',
          method: 'POST',
          body: JSON.stringify({ input: { texts } }),
          signal: AbortSignal.timeout(deadlineMs),
        });
        return ((await answer.body.json()) as { result: unknown }).result;
      } catch (error) {
        return (error as Error).name;
      } finally {
        // Whoever opened the pipe to read is still waiting for a writer.
        if (hasReader(pipe)) hits.push(pipe);
        await pool.destroy();
        await opa.stop();
      }
    };

    it('open nothing, whatever they are asked', async () => {
      const rules = capabilities.builtins.flatMap((builtIn, index) => ruleOf(builtIn, index));
      const result = (await evaluate(rules, 30_000)) as Record<string, unknown>;
      // The rules really ran: most of them have something to say about such texts.
      expect(Object.values(result).filter((value) => (value as unknown[]).length > 0).length).toBeGreaterThan(
        80,
      );
      expect(hits).toEqual([]);
    }, 60_000);

    it.each(['http', 'file'])(
      'would be caught if they did: a schema of an address (%s)',
      async (scheme) => {
        const at = scheme === 'http' ? 0 : 1;
        const rule = `r contains x if x := json.match_schema({}, {"$ref": input.texts[${String(at)}]})`;
        await evaluate([rule], 3_000);
        expect(hits).toEqual([scheme === 'http' ? '/leak' : pipe]);
      },
      60_000,
    );
  });
});

/** The types of a declaration, without descriptions and names. */
function types(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(types);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, member]) => !((key === 'description' || key === 'name') && typeof member === 'string'),
  );
  return Object.fromEntries(kept.map(([key, member]) => [key, types(member)]));
}

function told(examination: Examination): string {
  return examination.ok ? 'accepted' : examination.faults.map(({ message }) => message).join('; ');
}

/** A rule that calls a built-in with every hostile text in every place, of the type that it wants. */
function ruleOf({ name, decl }: BuiltIn, index: number): readonly string[] {
  const own = FORMS[name];
  const args = (decl.args ?? []).map(({ type }) => hostile(type)).join(', ');
  const body = own ?? (decl.result ? `x := ${name}(${args})` : name);
  if (body === '') return [];
  return [`r${String(index)} contains x if {\n\tsome a in input.texts\n\t${body}\n}`];
}

function hostile(type: string): string {
  switch (type) {
    case 'number':
      return '1';
    case 'boolean':
      return 'true';
    case 'array':
      return '[a, a]';
    case 'set':
      return '{a, "x"}';
    case 'object':
      return '{"$ref": a, "url": a, "id": a, a: a}';
    default:
      return 'a';
  }
}

function hasReader(pipe: string): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}
