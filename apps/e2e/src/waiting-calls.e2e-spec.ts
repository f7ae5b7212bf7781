// A model's call that a person must approve: the official client, two replicas, people through the API.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@behavry/test-components';
import OpenAI from 'openai';
import { Agent, enrol } from './system/agent';
import { exportedRows } from './system/audit';
import { PersonClient } from './system/person';
import { activate, liftLimits } from './system/policy';
import { System } from './system/system';

const POLICY = `package behavry.base.e2e_payments

allow contains {"policy": "e2e_payments", "reason": "models may be used"} if {
	input.request.kind == "llm"
	input.request.provider != ""
	input.request.tool_name in {"chat", "list"}
}

escalate contains {"policy": "e2e_payments", "reason": "a person looks at payments first"} if {
	input.request.tool_name == "pay"
}
`;
const SAID = 'I will pay.';

let provider: Server;
/** Each answer of the provider calls for another amount, so that none can be taken for another. */
let answers = 0;
let system: System;
let person: PersonClient;
let token = '';

beforeAll(async () => {
  provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { stream = false } = JSON.parse(Buffer.concat(chunks).toString()) as { stream?: boolean };
      const type = stream ? 'text/event-stream' : 'application/json';
      response.writeHead(200, { 'content-type': type }).end(stream ? streamed(++answers) : whole(++answers));
    });
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const url = `http://127.0.0.1:${String((provider.address() as AddressInfo).port)}`;
  system = await System.start({
    args: ['--mode', 'standalone', '--no-demo', '--replicas', '2'],
    env: {
      BEHAVRY_OPENAI_BASE_URL: `${url}/v1`,
      BEHAVRY_SECRET_OPENAI_KEY: 'sk-plane-openai-of-this-test',
      BEHAVRY_ESCALATION_HOLD_SECONDS: '1',
    },
  });
  person = await PersonClient.signIn((await system.run()).planes.control!);
  await activate(person, 'e2e_payments', POLICY);
  await liftLimits(person);
  token = (await Agent.connect(person.url, await enrol(person, 'payer'))).token;
}, 300_000);

afterAll(async () => {
  await System.stopAll();
  provider.close();
}, 60_000);

const callOf = (amount: number): object => ({
  index: 0,
  id: `call_${String(amount)}`,
  type: 'function',
  function: { name: 'pay', arguments: JSON.stringify({ amount }) },
});

function whole(amount: number): string {
  const message = { role: 'assistant', content: SAID, tool_calls: [callOf(amount)] };
  const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  return JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'payer', choices, usage });
}

function streamed(amount: number): string {
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'payer', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  return `${chunk({ content: SAID })}${chunk({ tool_calls: [callOf(amount)] })}${chunk({}, 'tool_calls')}data: [DONE]\n\n`;
}

function client(baseUrl = person.url): OpenAI {
  return new OpenAI({ apiKey: token, baseURL: `${baseUrl}/api/v1/openai/v1`, maxRetries: 0 });
}

const ask = (text: string): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
  model: 'payer',
  messages: [{ role: 'user', content: text }],
  tools: [{ type: 'function', function: { name: 'pay', parameters: { type: 'object' } } }],
});

const decide = (id: string, verb: 'approve' | 'deny'): Promise<unknown> =>
  person.must('POST', `/api/v1/escalations/${id}/${verb}`, {});

/** @returns the amounts that an answer asks to be paid */
function amountsIn({ choices }: OpenAI.ChatCompletion): readonly number[] {
  const calls = choices.flatMap(({ message }) => message.tool_calls ?? []);
  return calls.flatMap((call) =>
    call.type === 'function'
      ? [(JSON.parse(call.function.arguments) as { readonly amount: number }).amount]
      : [],
  );
}

async function streamOf(
  openai: OpenAI,
  body: OpenAI.ChatCompletionCreateParamsNonStreaming,
): Promise<{
  readonly text: string;
  readonly calls: string;
  readonly error?: InstanceType<typeof OpenAI.APIError>;
}> {
  let text = '';
  let calls = '';
  try {
    for await (const { choices } of await openai.chat.completions.create({ ...body, stream: true })) {
      text += choices[0]?.delta.content ?? '';
      for (const call of choices[0]?.delta.tool_calls ?? []) calls += call.function?.arguments ?? '';
    }
  } catch (error) {
    if (error instanceof OpenAI.APIError) return { text, calls, error };
    throw error;
  }
  return { text, calls };
}

it('is withheld from a whole answer, and given after approval to who goes on with its text', async () => {
  const body = ask('whole');
  const { data, response } = await eventually(() => client().chat.completions.create(body).withResponse(), {
    timeoutMs: 30_000,
  });
  const [choice] = data.choices;
  expect(choice).toMatchObject({ finish_reason: 'content_filter', message: { content: SAID } });
  expect(amountsIn(data)).toEqual([]);
  const id = response.headers.get('x-behavry-escalation') ?? '';
  expect(choice?.message.refusal).toContain(id);
  const paid = answers;
  await expect(client().chat.completions.create(body)).rejects.toMatchObject({ code: 'escalation_pending' });
  await decide(id, 'approve');
  const after = { ...body, messages: [...body.messages, choice!.message] };
  const given = await client().chat.completions.create(after).withResponse();
  expect(amountsIn(given.data)).toEqual([paid]);
  expect(answers).toBe(paid);
  const next = await client().chat.completions.create(body).withResponse();
  expect(answers).toBe(paid + 1);
  await decide(next.response.headers.get('x-behavry-escalation') ?? '', 'deny');
  await expect(client().chat.completions.create(body)).rejects.toMatchObject({ code: 'escalation_denied' });
  expect(answers).toBe(paid + 1);
  await eventually(async () => {
    const rows = await exportedRows(person);
    const row = rows.find((each) => each.id === given.response.headers.get('x-behavry-decision'));
    expect(row).toMatchObject({ outcome: 'ok', tokens: null });
    expect(row?.extra).toMatchObject({ kept_from: response.headers.get('x-behavry-decision') });
  });
});

it('is withheld from a stream, and given after approval by one of two replicas', async () => {
  const body = ask('streamed');
  const first = await streamOf(client(), body);
  expect(first).toMatchObject({ text: SAID, calls: '', error: { code: 'escalation_pending' } });
  const [, id = ''] = /\(escalation ([0-9a-f-]{36})\)/.exec(first.error?.message ?? '') ?? [];
  const paid = answers;
  await decide(id, 'approve');
  const processes = [
    ...(await system.processesOf('llm-proxy')),
    ...(await system.processesOf('llm-proxy.2')),
  ];
  expect(processes).toHaveLength(2);
  const got = await Promise.all(
    processes.map(({ port }) => streamOf(client(`http://127.0.0.1:${String(port)}`), body)),
  );
  expect(got.filter(({ calls }) => calls === JSON.stringify({ amount: paid }))).toHaveLength(1);
  expect(got.filter(({ calls }) => calls === '')).toHaveLength(1);
});
