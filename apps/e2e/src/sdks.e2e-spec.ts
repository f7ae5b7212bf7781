import { eventually } from '@behavry/test-components';
import { runDriver, type CaseResult } from './sdks/driver';
import { hasPython, installJavaScript, installPython } from './sdks/install';
import { casesOf, LIMITED, SDKS, type Sdk } from './sdks/matrix';
import { startUpstream, type Upstream } from './sdks/upstream';
import { Agent, enrol } from './system/agent';
import { exportedRows } from './system/audit';
import { PersonClient, request } from './system/person';
import { activate, liftLimits } from './system/policy';
import { System } from './system/system';

const POLICY = `package behavry.base.e2e_models

is_model_use if {
	input.request.kind == "llm"
	input.request.provider != ""
}

allow contains {"policy": "e2e_models", "reason": "models may be used"} if {
	is_model_use
	input.request.tool_name in {"chat", "complete", "embed", "list"}
}

deny contains {"policy": "e2e_models", "reason": "not this model"} if {
	is_model_use
	startswith(input.request.model, "forbidden.")
}

allow contains {"policy": "e2e_models", "reason": "a harmless tool"} if {
	input.request.tool_name == "get_weather"
}

deny contains {"policy": "e2e_models", "reason": "not this tool"} if {
	input.request.tool_name == "wipe_disk"
}
`;
const KEYS = {
  openai: 'sk-plane-openai-of-this-test',
  anthropic: 'sk-plane-anthropic-of-this-test',
  gemini: 'plane-gemini-of-this-test',
  ollama: 'plane-ollama-of-this-test',
};
const WITH_PYTHON = hasPython() || process.env['CI'] === 'true';
/** Two at a time: more are not faster, and each case has its time. */
const AT_ONCE = 2;
const PATIENTLY = { timeoutMs: 30_000 };

const rows = SDKS.filter(({ language }) => language !== 'Python' || WITH_PYTHON);
const results = new Map<string, ReadonlyMap<string, CaseResult>>();
const tokens = new Map<string, string>();
let upstream: Upstream | undefined;
let person: PersonClient;
let python = '';

beforeAll(async () => {
  [, python] = await Promise.all([installJavaScript(), WITH_PYTHON ? installPython() : '']);
  upstream = await startUpstream();
  const { url } = upstream;
  const system = await System.start({
    args: ['--no-demo'],
    env: {
      BEHAVRY_OPENAI_BASE_URL: `${url}/openai/v1`,
      BEHAVRY_ANTHROPIC_BASE_URL: `${url}/anthropic`,
      BEHAVRY_GEMINI_BASE_URL: `${url}/gemini`,
      BEHAVRY_OLLAMA_BASE_URL: `${url}/ollama`,
      ...Object.fromEntries(
        Object.entries(KEYS).map(([name, key]) => [`BEHAVRY_SECRET_${name.toUpperCase()}_KEY`, key]),
      ),
      BEHAVRY_LLM_MAX_BODY_BYTES: String(256 * 1024),
    },
  });
  person = await PersonClient.signIn((await system.run()).planes.data!);
  await activate(person, 'e2e_models', POLICY);
  await liftLimits(person);
  for (const { id } of rows) {
    const agent = await Agent.connect(person.url, await enrol(person, id));
    tokens.set(id, agent.token);
  }
  await eventually(async () => expect(await statusOfList()).toBe(200), PATIENTLY);
  await runAll((name) => !LIMITED.has(name));
  await person.must('PUT', '/api/v1/rate-limits', { agent_per_minute: 1 });
  await eventually(async () => expect(await statusOfList()).toBe(429), PATIENTLY);
  await runAll((name) => LIMITED.has(name));
  await liftLimits(person);
}, 600_000);

afterAll(async () => {
  await System.stopAll();
  await upstream?.stop();
}, 60_000);

/** Asks for a list of models, as the agent of the first row. */
async function statusOfList(): Promise<number> {
  const url = `${person.url}/api/v1/openai/v1/models`;
  const authorization = `Bearer ${tokens.get(rows[0]!.id)!}`;
  return (await request('GET', url, undefined, { authorization })).status;
}

async function runAll(isMeant: (name: string) => boolean): Promise<void> {
  const waiting = [...rows];
  const work = async (): Promise<void> => {
    for (let sdk = waiting.shift(); sdk; sdk = waiting.shift()) {
      const options = {
        base: `${person.url}/api/v1`,
        token: tokens.get(sdk.id)!,
        upstream: upstream!.url,
        python,
      };
      const told = await runDriver(sdk, casesOf(sdk).filter(isMeant), options);
      results.set(sdk.id, new Map([...(results.get(sdk.id) ?? []), ...told]));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function holds(sdk: Sdk): void {
  it.each(casesOf(sdk))('%s', (name) => {
    expect(results.get(sdk.id)?.get(name)).toEqual({ ok: true, detail: '' });
  });
}

for (const sdk of SDKS) {
  if (sdk.language !== 'Python' || WITH_PYTHON) describe(sdk.id, () => holds(sdk));
  else
    describe.skip(`${sdk.id} (needs python3 with venv: install the package python3-venv)`, () => holds(sdk));
}

it("providers see the plane's key, and never a token of an agent", async () => {
  const seen = await upstream!.seen();
  for (const [provider, key] of Object.entries(KEYS)) {
    const own = seen.filter((one) => one.provider === provider);
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter(({ headers }) => !JSON.stringify(headers).includes(key))).toEqual([]);
  }
  for (const token of tokens.values()) expect(JSON.stringify(seen)).not.toContain(token);
});

it('a forbidden model is asked of no provider', async () => {
  expect((await upstream!.seen()).filter(({ model }) => model.startsWith('forbidden.'))).toEqual([]);
});

it.each(rows.map(({ id }) => id))('the record counts the tokens of %s', async (id) => {
  await eventually(async () => {
    const own = (await exportedRows(person)).filter(
      ({ model, outcome }) =>
        /^(plain|usage)\./.test(model ?? '') && model?.endsWith(`.${id}`) && outcome === 'ok',
    );
    expect(own.map(({ tokens: counted }) => counted)).toContainEqual({ prompt: 7, completion: 5, total: 12 });
  });
});
