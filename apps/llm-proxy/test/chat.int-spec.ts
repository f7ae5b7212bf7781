// Long because one real plane serves every case: splitting it would start the plane again for each file.
import OpenAI from 'openai';
import { describeWithOpa, eventually } from '@behavry/testing';
import { LlmPlane, PLANE_KEY } from './llm-plane';

const CANARY = 'canary-text-that-no-record-may-hold';

describeWithOpa('OpenAI chat completions through the proxy', () => {
  let plane: LlmPlane;
  let client: OpenAI;

  beforeAll(async () => {
    plane = await LlmPlane.start();
    client = clientWith(plane.token());
  }, 120_000);
  afterAll(() => plane.stop());

  function clientWith(apiKey: string): OpenAI {
    return new OpenAI({ apiKey, baseURL: `${plane.url}/api/v1/openai/v1`, maxRetries: 0 });
  }

  function ask(model: string, more: object = {}): OpenAI.ChatCompletionCreateParamsNonStreaming {
    return { model, messages: [{ role: 'user', content: CANARY }], ...more };
  }

  async function failure(work: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
    try {
      await work;
    } catch (error) {
      if (error instanceof OpenAI.APIError) return error;
      throw error;
    }
    throw new Error('it did not fail');
  }

  async function post(
    body: string,
    headers: Record<string, string> = {},
    path = 'openai/v1/chat/completions',
  ): Promise<Response> {
    return fetch(`${plane.url}/api/v1/${path}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json', ...headers },
    });
  }

  async function streamed(
    model: string,
    more: object = {},
  ): Promise<{ text: string; chunks: OpenAI.ChatCompletionChunk[]; response: Response }> {
    const { data, response } = await client.chat.completions
      .create({ ...ask(model, more), stream: true })
      .withResponse();
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of data) chunks.push(chunk);
    return { text: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), chunks, response };
  }

  it('answers, and records who, what and how many tokens, but no text', async () => {
    const { data, response } = await client.chat.completions.create(ask('gpt')).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello there!');
    const record = await plane.record(response.headers.get('x-behavry-decision'));
    expect(record).toMatchObject({
      kind: 'llm',
      action: 'chat',
      tool: 'chat.completions',
      model: 'gpt',
      target: 'gpt',
      verdict: 'allow',
      reason_code: 'policy_allow',
      policy: 'behavry.base.models',
      bundle_revision: 'r-test',
      outcome: 'ok',
      response_code: 200,
      extra: {
        provider: 'openai',
        endpoint: 'POST /v1/chat/completions',
        stream: false,
        usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
      },
    });
    expect(record['input_hash']).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(JSON.stringify(plane.entries)).not.toContain(CANARY);
  });

  it('sends the body byte for byte, with the key of the plane and without the token of the agent', async () => {
    const body = `{ "model":"gpt",  "messages":[{"role":"user","content":"caf\\u00e9"}], "unknown_member": {"a":[1.50,true]} }`;
    const response = await post(body, {
      'x-secret-of-the-agent': 'x',
      'openai-project': 'proj_1',
      'x-openai-key': 'sk-own-key',
    });
    expect(response.status).toBe(200);
    const own = (await plane.seen()).at(-1);
    expect(own?.text).toBe(body);
    expect(own?.url).toBe('/v1/chat/completions');
    expect(own?.headers).toMatchObject({ authorization: 'Bearer sk-own-key', 'openai-project': 'proj_1' });
    expect(own?.headers).not.toHaveProperty('x-secret-of-the-agent');
    expect(own?.headers).not.toHaveProperty('x-openai-key');
    await client.chat.completions.create(ask('gpt'));
    const seen = await plane.seen();
    expect(seen.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${PLANE_KEY}` });
    expect(JSON.stringify(seen)).not.toContain(plane.token().slice(0, 40));
  });

  it('streams, counts the tokens, and hides the count when nobody asked for it', async () => {
    const { text, chunks, response } = await streamed('gpt');
    expect(text).toBe('Hello there!');
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
    expect((await plane.seen()).at(-1)?.text).toContain('"stream_options":{"include_usage":true}');
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      outcome: 'ok',
      extra: { stream: true, usage: { total_tokens: 12 } },
    });
    const asked = await streamed('gpt', { stream_options: { include_usage: true } });
    expect(asked.chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
  });

  it('passes a stream on before it is complete', async () => {
    const abort = new AbortController();
    const stream = await client.chat.completions.create(
      { ...ask('hang'), stream: true },
      { signal: abort.signal },
    );
    for await (const chunk of stream) if (chunk.choices[0]?.delta.role === 'assistant') break;
    abort.abort();
  });

  it('ends the upstream and records an abort when the client goes away', async () => {
    const abort = new AbortController();
    const { data, response } = await client.chat.completions
      .create({ ...ask('hang'), stream: true }, { signal: abort.signal })
      .withResponse();
    for await (const chunk of data) if (chunk.choices.length > 0) break;
    abort.abort();
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      outcome: 'aborted',
      error: 'client_aborted',
    });
    await eventually(async () => {
      expect((await plane.seen()).at(-1)).toMatchObject({ aborted: true });
    });
  });

  it('ends a plain upstream too when the client goes away', async () => {
    const abort = new AbortController();
    const before = (await plane.seen()).length;
    const pending = client.chat.completions
      .create(ask('hang'), { signal: abort.signal })
      .catch(() => undefined);
    await eventually(async () => {
      expect((await plane.seen()).length).toBe(before + 1);
    });
    abort.abort();
    await pending;
    await eventually(async () => {
      expect((await plane.seen()).at(-1)).toMatchObject({ aborted: true });
    });
  });

  it('denies in the envelope that the SDK knows', async () => {
    const error = await failure(client.chat.completions.create(ask('gpt', { model: 'forbidden' })));
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(error).toMatchObject({ status: 403, code: 'no_matching_rule', type: 'permission_error' });
    const record = await plane.record(error.headers?.get('x-behavry-decision') ?? null);
    expect(record).toMatchObject({
      verdict: 'deny',
      outcome: 'refused',
      response_code: 403,
      model: 'forbidden',
    });
  });

  it('asks for a person where policy says so', async () => {
    const error = await failure(client.chat.completions.create(ask('precious')));
    expect(error).toMatchObject({ status: 403, code: 'escalation_pending' });
    expect(error.message).toContain('esc-1');
    expect(plane.claims.at(-1)).toMatchObject({
      kind: 'llm',
      tool: 'chat.completions',
      arguments: { model: 'precious' },
    });
    expect(await plane.record(error.headers?.get('x-behavry-decision') ?? null)).toMatchObject({
      verdict: 'escalate',
      outcome: 'pending',
    });
  });

  it('keeps secrets from the provider', async () => {
    const before = (await plane.seen()).length;
    const content = [{ type: 'text' as const, text: 'my key is AKIAIOSFODNN7EXAMPLE' }];
    const error = await failure(
      client.chat.completions.create({ model: 'gpt', messages: [{ role: 'user', content }] }),
    );
    expect(error).toMatchObject({ status: 403, code: 'dlp_blocked' });
    expect((await plane.seen()).length).toBe(before);
    const record = await plane.record(error.headers?.get('x-behavry-decision') ?? null);
    expect(record).toMatchObject({ dlp_action: 'blocked', outcome: 'refused' });
    expect(JSON.stringify(record)).not.toContain('AKIAIOSFODNN7EXAMPLE');
  });

  it('keeps secrets of an answer from the agent, plain and streamed over many events', async () => {
    const plain = await failure(client.chat.completions.create(ask('secret')));
    expect(plain).toMatchObject({ status: 403, code: 'dlp_inbound_blocked' });
    const response = await post(JSON.stringify({ ...ask('secret'), stream: true }));
    let text = '';
    await expect(
      (async () => {
        for await (const bytes of response.body!) text += Buffer.from(bytes).toString('utf8');
      })(),
    ).rejects.toThrow();
    expect(text).toContain('Here it is');
    expect(text).not.toContain('AK');
    expect(text).not.toContain('[DONE]');
    expect(text).toContain('"code":"dlp_inbound_blocked"');
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      verdict: 'allow',
      outcome: 'refused',
      error: 'dlp_inbound_blocked',
      dlp_action: 'blocked',
      dlp_findings: [{ pattern: 'aws_access_key_id' }],
    });
    const thrown = await failure(streamed('secret'));
    expect(thrown).toMatchObject({ code: 'dlp_inbound_blocked' });
  });

  it('redacts where policy asks for it, plain and streamed alike', async () => {
    const expected = 'Mail [REDACTED:email_address] or nobody. The card is [REDACTED:credit_card].';
    const plain = await client.chat.completions.create(ask('redacted'));
    expect(plain.choices[0]?.message.content).toBe(expected);
    const { text, response } = await streamed('redacted');
    expect(text).toBe(expected);
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      verdict: 'restrict',
      dlp_action: 'redacted',
    });
  });

  it('decides the tool calls of an answer, plain and streamed', async () => {
    const plain = await client.chat.completions.create(ask('weather'));
    expect(plain.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'get_weather' } });
    const { chunks, response } = await streamed('weather');
    const args = chunks
      .map(({ choices }) => choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '')
      .join('');
    expect(JSON.parse(args)).toEqual({ city: 'Oslo' });
    const parent = response.headers.get('x-behavry-decision');
    await eventually(() => {
      const inner = plane.entries.find(
        (entry) => entry.type === 'decision' && entry.extra['parent_id'] === parent,
      );
      expect(inner).toMatchObject({ kind: 'llm', tool: 'get_weather', action: 'get', verdict: 'allow' });
    });
  });

  it('does not let a denied tool call reach the agent', async () => {
    const plain = await failure(client.chat.completions.create(ask('danger')));
    expect(plain).toMatchObject({ status: 403, code: 'no_matching_rule' });
    expect(await plane.record(plain.headers?.get('x-behavry-decision') ?? null)).toMatchObject({
      tool: 'delete_everything',
      verdict: 'deny',
      target: '/srv/data/all',
    });
    const response = await post(JSON.stringify({ ...ask('danger'), stream: true }));
    let text = '';
    await expect(
      (async () => {
        for await (const bytes of response.body!) text += Buffer.from(bytes).toString('utf8');
      })(),
    ).rejects.toThrow();
    expect(text).not.toContain('delete_everything');
    expect(text).not.toContain('c1');
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      outcome: 'refused',
      error: 'no_matching_rule',
    });
  });

  it('decides tools that the provider would run itself', async () => {
    const before = (await plane.seen()).length;
    const denied = await post(
      JSON.stringify(ask('gpt', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] })),
    );
    expect(denied.status).toBe(403);
    expect((await plane.seen()).length).toBe(before);
    expect(await plane.record(denied.headers.get('x-behavry-decision'))).toMatchObject({
      tool: 'provider/code_interpreter',
      verdict: 'deny',
    });
    expect((await post(JSON.stringify(ask('gpt', { web_search_options: {} })))).status).toBe(200);
  });

  it('tells a broken upstream as an error in the stream, never as its end', async () => {
    const thrown = await failure(streamed('cut'));
    expect(thrown).toMatchObject({ code: 'upstream_error' });
  });

  it('passes errors of the provider on, with the headers that SDKs read', async () => {
    const error = await failure(client.chat.completions.create(ask('busy')));
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(error.headers?.get('retry-after-ms')).toBe('1');
    expect(error.headers?.get('x-internal')).toBeNull();
    const key = await failure(client.chat.completions.create(ask('bad-key')));
    expect(key).toMatchObject({ status: 502, code: 'upstream_error' });
    for (const model of ['redirect', 'twice']) {
      expect(await failure(client.chat.completions.create(ask(model)))).toMatchObject({ status: 502 });
    }
  });

  it('knows nobody without a valid token, and reads no body of theirs', async () => {
    expect(await failure(clientWith('nonsense').chat.completions.create(ask('gpt')))).toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    const expired = clientWith(plane.token({ exp: 1 }));
    expect(await failure(expired.chat.completions.create(ask('gpt')))).toMatchObject({
      status: 401,
      code: 'agent_unknown',
    });
    const foreign = clientWith(plane.token({ tenant_id: '019a0000-0000-7000-8000-000000000002' }));
    expect(await failure(foreign.chat.completions.create(ask('gpt')))).toMatchObject({ status: 401 });
  });

  it.each([
    ['two members of one name', '{"model":"gpt","model":"x","messages":[]}', {}],
    ['no JSON', 'hello', {}],
    ['no model', '{"messages":[]}', {}],
    ['a stream that is neither true nor false', '{"model":"gpt","messages":[],"stream":"true"}', {}],
    ['another type', '{}', { 'content-type': 'text/plain' }],
    ['an encoding', '{}', { 'content-encoding': 'gzip' }],
    ['a key that is none', '{"model":"gpt","messages":[]}', { 'x-openai-key': 'a b' }],
  ])('refuses %s', async (_name, body, headers) => {
    const response = await post(body, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'request_malformed', type: 'invalid_request_error', param: null },
    });
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      verdict: 'deny',
      outcome: 'refused',
      response_code: 400,
    });
  });

  it.each([
    ['openai/v1/responses', { error: { code: 'endpoint_unsupported', type: 'permission_error' } }],
    ['openai/v1/chat/completions/', { error: { code: 'endpoint_unsupported' } }],
    [
      'anthropic/v1/messages',
      { type: 'error', error: { type: 'permission_error', details: { error_code: 'endpoint_unsupported' } } },
    ],
    ['gemini/v1beta/models/x:generateContent', { error: { code: 403, status: 'PERMISSION_DENIED' } }],
    ['ollama/api/chat', { error: expect.stringContaining('endpoint_unsupported') as string }],
  ])('refuses %s in the envelope of its provider', async (path, envelope) => {
    const response = await post('{"model":"gpt","messages":[]}', {}, path);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject(envelope);
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      kind: 'llm',
      reason_code: 'endpoint_unsupported',
    });
    const stranger = await post('{}', { authorization: 'Bearer x' }, path);
    expect(stranger.status).toBe(401);
  });

  it("takes the token from where a provider's SDK puts its key", async () => {
    const url = `${plane.url}/api/v1/anthropic/v1/messages`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-api-key': plane.token() },
      body: '{}',
    });
    expect(response.status).toBe(403);
    expect(
      (await fetch(url, { method: 'POST', headers: { 'x-goog-api-key': plane.token() }, body: '{}' })).status,
    ).toBe(401);
  });

  it('limits how often, with the time to wait', async () => {
    await plane.configure({ rate_limits: { agent_per_minute: 1, tenant_per_minute: null } });
    try {
      await client.chat.completions.create(ask('gpt'));
      const error = await failure(client.chat.completions.create(ask('gpt')));
      expect(error).toBeInstanceOf(OpenAI.RateLimitError);
      expect(error).toMatchObject({ code: 'rate_limited' });
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await plane.configure({ rate_limits: { agent_per_minute: null, tenant_per_minute: null } });
    }
  });

  it('ends an open stream when a kill switch is thrown', async () => {
    const { data, response } = await client.chat.completions
      .create({ ...ask('hang'), stream: true })
      .withResponse();
    const error = await failure(
      (async () => {
        for await (const chunk of data) {
          if (chunk.choices.length === 0) continue;
          await plane.configure({
            kill_switches: [{ id: 'k', scope: 'tenant', target: '*', reason: 'test' }],
          });
        }
      })(),
    );
    await plane.configure({ kill_switches: [] });
    expect(error).toMatchObject({ code: 'kill_switch' });
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      outcome: 'aborted',
      error: 'kill_switch',
    });
  });

  it('carries a long stream to a client that reads slowly', async () => {
    const stream = await client.chat.completions.create({ ...ask('long'), stream: true });
    let words = 0;
    for await (const chunk of stream)
      if (chunk.choices[0]?.delta.content?.startsWith('word') === true) words++;
    expect(words).toBe(400);
  });

  it('denies when OPA is gone', async () => {
    await plane.opa.stop();
    const error = await failure(client.chat.completions.create(ask('gpt')));
    expect(error).toMatchObject({ status: 403, code: 'opa_unreachable' });
  });
});
