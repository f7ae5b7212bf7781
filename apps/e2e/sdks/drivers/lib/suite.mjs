// The cases of a conversation and of what lies beside it, for any SDK that is told about by an adapter:
//   ask(model, { token, prompt, tools })       a whole answer: { text, calls: [{ name, arguments }], usage }
//   stream(model, { tools, onPart, abort })    the same, streamed; onPart sees every piece as the SDK gives it, and
//                                              after the first one the SDK's own way to abort is taken where asked
//   fault(error)                               what the SDK made of an error: { status, code, message }
//   errors                                     its classes, or their names, by status, in a `stream` and on `abort`
//   inStream                                   what it tells instead of a reason code in a stream, where it drops that
//   more                                       what lies beside: functions of a model's name, by case
import assert from 'node:assert/strict';
import { SDK, UPSTREAM } from './run.mjs';

const TEXT = 'Hello there, agent!';
const CALLS = [{ name: 'get_weather', arguments: { city: 'Oslo' } }];
const USAGE = { input: 7, output: 5 };
export const PROMPT = 'say hello';
const schema = (name) => ({
  name,
  description: 'of this test',
  parameters: { type: 'object', properties: { [name]: { type: 'string' } } },
});
const WEATHER = [
  {
    name: 'get_weather',
    description: 'Tells the weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
];
const DANGER = [schema('wipe_disk')];
const NAMELESS = [schema('no name')];
const LARGE = 'lorem ipsum '.repeat(30_000);

/** @param prefix of the cases, where one SDK has two ways to speak */
export function suite(sdk, prefix = '') {
  const model = (scenario) => `${scenario}.${prefix}${SDK}`;
  const denied = (status, code, work) => async () => {
    const error = await thrown(work);
    assertClass(error, sdk.errors[status], String(status));
    const { status: told, code: reason } = sdk.fault(error);
    assert.deepEqual({ status: told, code: reason }, { status, code });
  };
  const passedOn = (status) => async () => {
    const error = await thrown(() => sdk.ask(model(`provider_${status}`), {}));
    assertClass(error, sdk.errors[status], String(status));
    const { status: told, message } = sdk.fault(error);
    assert.equal(told, status);
    assert.match(message, /the provider said so/);
  };
  const broken = (scenario, code, tools) => async () => {
    const parts = [];
    const onPart = (part) => parts.push(JSON.stringify(part));
    const error = await thrown(() => sdk.stream(model(scenario), { tools, onPart }));
    assertClass(error, sdk.errors.stream, 'stream');
    assert.equal(sdk.fault(error).code, sdk.inStream?.[code] ?? code);
    return parts.join('\n');
  };
  const cases = {
    plain: async () => {
      const { text, calls } = await sdk.ask(model('plain'), {});
      assert.deepEqual({ text, calls }, { text: TEXT, calls: [] });
    },
    stream: async () => {
      let parts = 0;
      const { text, calls } = await sdk.stream(model('plain'), { onPart: () => (parts += 1) });
      assert.deepEqual({ text, calls }, { text: TEXT, calls: [] });
      assert.ok(parts > 1, `${parts} parts`);
    },
    tools: async () => assert.deepEqual((await sdk.ask(model('tools'), { tools: WEATHER })).calls, CALLS),
    tool_stream: async () =>
      assert.deepEqual((await sdk.stream(model('tools'), { tools: WEATHER })).calls, CALLS),
    usage: async () => assert.deepEqual((await sdk.ask(model(sdk.counts ?? 'plain'), {})).usage, USAGE),
    usage_stream: async () =>
      assert.deepEqual((await sdk.stream(model(sdk.counts ?? 'plain'), {})).usage, USAGE),
    plane_400: denied(400, 'request_malformed', () => sdk.ask(model('plain'), { tools: NAMELESS })),
    plane_401: denied(401, 'agent_unknown', () => sdk.ask(model('plain'), { token: 'not.a.token' })),
    plane_403: denied(403, 'policy_deny', () => sdk.ask(model('forbidden'), {})),
    plane_413: denied(413, 'request_too_large', () => sdk.ask(model('plain'), { prompt: LARGE })),
    plane_429: denied(429, 'rate_limited', async () => {
      for (let call = 0; call < 3; call += 1) await sdk.ask(model('plain'), {});
    }),
    provider_400: passedOn(400),
    provider_429: passedOn(429),
    provider_500: passedOn(500),
    refused_call: denied(403, 'policy_deny', () => sdk.ask(model('danger'), { tools: DANGER })),
    refused_call_stream: async () => {
      const seen = await broken('danger', 'policy_deny', DANGER)();
      assert.doesNotMatch(seen, /wipe|volume|everything/);
    },
    stream_error: async () => {
      assert.doesNotMatch(await broken('stream_error', 'upstream_error')(), /the provider said so/);
    },
    stream_cut: async () => void (await broken('stream_cut', 'upstream_error')()),
    abort: async () => {
      const error = await thrown(() => sdk.stream(model('hang'), { abort: true }));
      assertClass(error, sdk.errors.abort, 'abort');
      await upstreamClosed(model('hang'));
    },
  };
  for (const [name, work] of Object.entries(sdk.more ?? {})) {
    cases[name] = () => work(model(name));
    cases[`${name}_403`] = denied(403, 'policy_deny', () => work(model('forbidden')));
  }
  return Object.fromEntries(Object.entries(cases).map(([name, work]) => [`${prefix}${name}`, work]));
}

/** @returns what was thrown */
async function thrown(work) {
  let result;
  try {
    result = await work();
  } catch (error) {
    return error;
  }
  assert.fail(`nothing was thrown, but given: ${JSON.stringify(result)}`);
}

/** An error that passes for its class by inheritance alone is of another status. */
function assertClass(error, expected, what) {
  const isIt = [expected]
    .flat()
    .some((one) => [error.constructor, error.constructor.name, error.name].includes(one));
  assert.ok(isIt, `${what}: ${error.constructor.name} ${error.stack}`);
}

/** The plane gives the provider up together with the agent. */
async function upstreamClosed(model) {
  for (;;) {
    const seen = await (await fetch(`${UPSTREAM}/seen`)).json();
    if (seen.some((entry) => entry.model === model && entry.isClosed)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
