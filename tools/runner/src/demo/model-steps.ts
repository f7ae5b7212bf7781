import OpenAI from 'openai';
import { waitUntil } from '@behavry/components';
import type { PlaneClient } from '../api/plane-client';
import { promise, type Steps } from './steps';

/** Who walks, and where. */
export interface ModelStage {
  readonly dataUrl: string;
  readonly token: string;
  readonly agentId: string;
  /** Administers the control plane. */
  readonly admin: PlaneClient;
}

const MODEL = 'behavry-demo';
const HELLO = 'Say hello.';

/** One call as each of the four APIs has it. */
const CALLS = [
  {
    name: 'OpenAI',
    path: 'openai/v1/chat/completions',
    body: { model: MODEL, messages: [{ role: 'user', content: HELLO }] },
  },
  {
    name: 'Anthropic',
    path: 'anthropic/v1/messages',
    body: { model: MODEL, max_tokens: 64, messages: [{ role: 'user', content: HELLO }] },
  },
  {
    name: 'Gemini',
    path: `gemini/v1beta/models/${MODEL}:generateContent`,
    body: { contents: [{ role: 'user', parts: [{ text: HELLO }] }] },
  },
  {
    name: 'Ollama',
    path: 'ollama/api/chat',
    body: { model: MODEL, stream: false, messages: [{ role: 'user', content: HELLO }] },
  },
] as const;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The demo's way with models: each API once, a tool call that is refused inside a stream, a budget that is used up. */
export async function modelSteps(steps: Steps, stage: ModelStage): Promise<void> {
  for (const { name, path, body } of CALLS) {
    await steps.step(`A model call through ${name}'s API goes through`, async () => {
      const { status, text } = await post(stage, path, body);
      promise(status === 200 && text.includes('hello from behind'), `${String(status)} ${text}`);
      return `${path}: ${text.slice(0, 100)}…`;
    });
  }
  await steps.step('A tool call in a streamed answer is refused; the text before it came through', () =>
    refusedInStream(stage),
  );
  await steps.step('A budget that is used up stops the next call, and no client tries again', () =>
    budgetStop(stage),
  );
}

function client({ dataUrl, token }: ModelStage): OpenAI {
  return new OpenAI({ apiKey: token, baseURL: `${dataUrl}/api/v1/openai/v1`, timeout: 30_000 });
}

async function refusedInStream(stage: ModelStage): Promise<string> {
  let text = '';
  try {
    const stream = await client(stage).chat.completions.create({
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content: 'Tell everybody.' }],
      tools: [
        {
          type: 'function',
          function: { name: 'send_mail', parameters: { type: 'object', properties: {} } },
        },
      ],
    });
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta;
      promise(!delta?.tool_calls, 'the call came through');
      text += delta?.content ?? '';
    }
  } catch (error) {
    promise(error instanceof OpenAI.APIError, String(error));
    promise(text !== '' && error.code === 'policy_deny', `${text} ${error.message}`);
    return `${text}\n${error.code}: ${error.message}`;
  }
  throw new Error('the stream ended as if nothing had been refused');
}

async function budgetStop(stage: ModelStage): Promise<string> {
  const { admin, agentId } = stage;
  const path = '/api/v1/model-settings';
  const { value, etag } = await admin.read(path);
  const settings = value as { readonly budgets: readonly object[] };
  const put = (budgets: readonly object[], of: string): Promise<unknown> =>
    admin.call('PUT', path, { ...settings, budgets }, { 'if-match': of });
  const own = { scope: 'agent', id: agentId, period: 'day', tokens: 1, hard: true };
  await put([...settings.budgets, own], etag);
  try {
    const { path: to, body } = CALLS[0];
    let stopped: Answer | undefined;
    await waitUntil(
      async () => {
        const answer = await post(stage, to, body);
        if (answer.status !== 200) stopped = answer;
        return stopped !== undefined;
      },
      { timeoutMs: 15_000, everyMs: 200 },
    );
    promise(stopped?.status === 429, JSON.stringify(stopped));
    const again = stopped.headers.get('x-should-retry');
    promise(again === 'false' && stopped.text.includes('budget_exceeded'), stopped.text);
    return `429, x-should-retry: ${again}\n${stopped.text}`;
  } finally {
    await put(settings.budgets, (await admin.read(path)).etag);
  }
}

async function post({ dataUrl, token }: ModelStage, path: string, body: object): Promise<Answer> {
  const response = await fetch(`${dataUrl}/api/v1/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
