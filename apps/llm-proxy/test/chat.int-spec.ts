import OpenAI from 'openai';
import { describeWithOpa, eventually } from '@behavry/testing';
import { CANARY, decisionOf, failure, LlmPlane, PLANE_KEY } from './llm-plane';

describeWithOpa('OpenAI chat completions through the proxy', () => {
  let plane: LlmPlane;
  let client: OpenAI;

  beforeAll(async () => {
    plane = await LlmPlane.start();
    client = plane.client();
    plane.provider.say('secret', { texts: ['Here it is: ', 'AK', 'IAIOSFODNN', '7EXAMPLE', ' and more'] });
    plane.provider.say('redacted', {
      texts: ['Mail some', 'one@exam', 'ple.com or', ' nobody. The card is 4111 1111', ' 1111 1111.'],
    });
    const called = (name: string, args: string): object[] => [
      { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name, arguments: '' } }] },
      ...(args.match(/.{1,4}/g) ?? []).map((part) => ({
        tool_calls: [{ index: 0, function: { arguments: part } }],
      })),
    ];
    for (const [model, name, args] of [
      ['weather', 'get_weather', '{"city":"Oslo"}'],
      ['danger', 'delete_everything', '{"path":"/srv/data/all"}'],
    ] as const) {
      const call = { id: 'c1', type: 'function', function: { name, arguments: args } };
      const message = { role: 'assistant', content: null, tool_calls: [call] };
      plane.provider.say(model, { message, deltas: called(name, args), reason: 'tool_calls' });
    }
  }, 120_000);
  afterAll(() => plane.stop());

  it('answers, and records who, what and how many tokens, but no text', async () => {
    const { data, response } = await client.chat.completions.create(plane.ask('gpt')).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello there!');
    const record = await plane.record(response.headers.get('x-behavry-decision'));
    expect(record).toMatchObject({
      kind: 'llm',
      action: 'chat',
      tool: 'chat',
      provider: 'openai',
      model: 'gpt',
      target: { class: 'model', shown: 'gpt' },
      verdict: 'allow',
      reason_code: 'policy_allow',
      policy: 'behavry.base.models',
      bundle_revision: 'r-test',
      outcome: 'ok',
      response_code: 200,
      tokens: { prompt: 7, completion: 5, total: 12 },
      extra: { endpoint: 'POST /v1/chat/completions', stream: false, key_source: 'plane' },
    });
    expect(record['bytes_up']).toBeGreaterThan(CANARY.length);
    expect(record['bytes_down']).toBeGreaterThan(100);
    expect(JSON.stringify(plane.entries)).not.toContain(CANARY);
    for (const [name, value] of [
      ['x-content-type-options', 'nosniff'],
      ['cache-control', 'no-store'],
    ] as const) {
      expect(response.headers.get(name)).toBe(value);
    }
  });

  it('sends the body byte for byte, with the key of the plane and without the token of the agent', async () => {
    const body = `{ "model":"gpt",  "messages":[{"role":"user","content":"caf\\u00e9"}], "metadata": {"a":[1.50,true]} }`;
    const response = await plane.post(body, {
      'x-secret-of-the-agent': 'x',
      'openai-project': 'proj_1',
      'x-openai-key': 'sk-own-key',
    });
    expect(response.status).toBe(200);
    const own = plane.provider.seen.at(-1);
    expect(own?.text).toBe(body);
    expect(own?.url).toBe('/v1/chat/completions');
    expect(own?.headers).toMatchObject({ authorization: 'Bearer sk-own-key', 'openai-project': 'proj_1' });
    expect(own?.headers).not.toHaveProperty('x-secret-of-the-agent');
    expect(own?.headers).not.toHaveProperty('x-openai-key');
    await client.chat.completions.create(plane.ask('gpt'));
    expect(plane.provider.seen.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${PLANE_KEY}` });
    expect(JSON.stringify(plane.provider.seen)).not.toContain(plane.token().slice(0, 40));
  });

  it('denies in the envelope that the SDK knows', async () => {
    const error = await failure(client.chat.completions.create(plane.ask('forbidden')));
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(error).toMatchObject({ status: 403, code: 'no_matching_rule', type: 'permission_error' });
    expect(await plane.record(decisionOf(error))).toMatchObject({
      verdict: 'deny',
      outcome: 'refused',
      response_code: 403,
      model: 'forbidden',
    });
  });

  it('asks for a person where policy says so, who sees the whole request', async () => {
    const error = await failure(client.chat.completions.create(plane.ask('precious')));
    expect(error).toMatchObject({ status: 403, code: 'escalation_pending' });
    expect(error.message).toContain('e1');
    expect(plane.proxy.claims.claims.at(-1)).toMatchObject({
      kind: 'llm',
      tool: 'chat',
      arguments: { model: 'precious', messages: [{ content: CANARY }] },
    });
    expect(await plane.record(decisionOf(error))).toMatchObject({ verdict: 'escalate', outcome: 'pending' });
  });

  it('keeps secrets from the provider', async () => {
    const before = plane.provider.seen.length;
    const content = [{ type: 'text' as const, text: 'my key is AKIAIOSFODNN7EXAMPLE' }];
    const error = await failure(
      client.chat.completions.create({ model: 'gpt', messages: [{ role: 'user', content }] }),
    );
    expect(error).toMatchObject({ status: 403, code: 'dlp_blocked' });
    expect(plane.provider.seen.length).toBe(before);
    const record = await plane.record(decisionOf(error));
    expect(record).toMatchObject({ dlp_action: 'blocked', outcome: 'refused' });
    expect(JSON.stringify(record)).not.toContain('AKIAIOSFODNN7EXAMPLE');
  });

  it('keeps secrets of an answer from the agent, plain and streamed over many events', async () => {
    const plain = await failure(client.chat.completions.create(plane.ask('secret')));
    expect(plain).toMatchObject({ status: 403, code: 'dlp_inbound_blocked' });
    const { text, isBroken, id } = await plane.raw('secret');
    expect(isBroken).toBe(true);
    expect(text).not.toContain('AK');
    expect(text).not.toContain('[DONE]');
    expect(text).toContain('"code":"dlp_inbound_blocked"');
    expect(await plane.record(id)).toMatchObject({
      verdict: 'allow',
      outcome: 'refused',
      error: 'dlp_inbound_blocked',
      dlp_action: 'blocked',
      dlp_findings: [{ pattern: 'aws_access_key_id' }],
    });
    expect(await failure(plane.streamed('secret'))).toMatchObject({ code: 'dlp_inbound_blocked' });
  });

  it('redacts where policy asks for it, plain and streamed alike', async () => {
    const expected = 'Mail [REDACTED:email_address] or nobody. The card is [REDACTED:credit_card].';
    const plain = await client.chat.completions.create(plane.ask('redacted'));
    expect(plain.choices[0]?.message.content).toBe(expected);
    const { text, id } = await plane.streamed('redacted');
    expect(text).toBe(expected);
    expect(await plane.record(id)).toMatchObject({ verdict: 'restrict', dlp_action: 'redacted' });
  });

  it('redacts what goes up where policy asks for it', async () => {
    const messages = [{ role: 'user' as const, content: 'Write to someone@example.com' }];
    await client.chat.completions.create({ model: 'redacted', messages });
    expect(plane.provider.seen.at(-1)?.text).toBe(
      '{"model":"redacted","messages":[{"role":"user","content":"Write to [REDACTED:email_address]"}]}',
    );
  });

  it('decides the tool calls of an answer, plain and streamed', async () => {
    const plain = await client.chat.completions.create(plane.ask('weather'));
    expect(plain.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'get_weather' } });
    const { chunks, id } = await plane.streamed('weather');
    const args = chunks
      .map(({ choices }) => choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '')
      .join('');
    expect(JSON.parse(args)).toEqual({ city: 'Oslo' });
    await eventually(() => {
      const inner = plane.entries.find(
        (entry) => entry.type === 'decision' && entry.extra['parent_id'] === id,
      );
      expect(inner).toMatchObject({
        kind: 'llm',
        tool: 'get_weather',
        action: 'get',
        verdict: 'allow',
        provider: null,
      });
    });
  });

  it('does not let a denied tool call reach the agent', async () => {
    const plain = await failure(client.chat.completions.create(plane.ask('danger')));
    expect(plain).toMatchObject({ status: 403, code: 'no_matching_rule' });
    expect(await plane.record(decisionOf(plain))).toMatchObject({
      tool: 'delete_everything',
      verdict: 'deny',
      target: { class: 'path', shown: '/srv/data/all' },
    });
    const { text, isBroken, id } = await plane.raw('danger');
    expect(isBroken).toBe(true);
    expect(text).not.toContain('delete_everything');
    expect(text).not.toContain('c1');
    expect(await plane.record(id)).toMatchObject({ outcome: 'refused', error: 'no_matching_rule' });
  });

  it('decides tools that the provider would run itself', async () => {
    const before = plane.provider.seen.length;
    const denied = await plane.post(
      JSON.stringify(
        plane.ask('gpt', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }),
      ),
    );
    expect(denied.status).toBe(403);
    expect(plane.provider.seen.length).toBe(before);
    expect(await plane.record(denied.headers.get('x-behavry-decision'))).toMatchObject({
      tool: 'hosted:code_interpreter',
      action: 'hosted',
      provider: 'openai',
      verdict: 'deny',
    });
    expect((await plane.post(JSON.stringify(plane.ask('gpt', { web_search_options: {} })))).status).toBe(200);
  });

  it('passes errors of the provider on, with the headers that SDKs read', async () => {
    const { provider } = plane;
    const error = (message: string, code: string): string =>
      JSON.stringify({ error: { message, type: 'requests', param: null, code } });
    provider.say('busy', {
      status: 429,
      raw: error('slow down', 'rate_limit_exceeded'),
      headers: { 'retry-after-ms': '1', 'x-internal': 'no' },
    });
    provider.say('bad-key', { status: 401, raw: error('Incorrect API key provided', 'invalid_api_key') });
    provider.say('redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } });
    provider.say('twice', { raw: '{"choices":[],"choices":[]}' });
    const busy = await failure(client.chat.completions.create(plane.ask('busy')));
    expect(busy).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(busy.headers?.get('retry-after-ms')).toBe('1');
    expect(busy.headers?.get('x-internal')).toBeNull();
    for (const model of ['bad-key', 'redirect', 'twice']) {
      expect(await failure(client.chat.completions.create(plane.ask(model)))).toMatchObject({
        status: 502,
        code: 'upstream_error',
      });
    }
  });

  it('knows nobody without a valid token, and reads no body of theirs', async () => {
    expect(await failure(plane.client('nonsense').chat.completions.create(plane.ask('gpt')))).toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    for (const claims of [{ exp: 1 }, { tenant_id: '019a0000-0000-7000-8000-000000000002' }]) {
      const stranger = plane.client(plane.token(claims));
      expect(await failure(stranger.chat.completions.create(plane.ask('gpt')))).toMatchObject({
        status: 401,
        code: 'agent_unknown',
      });
    }
  });

  it.each([
    [
      'openai/v1/responses/resp_1/cancel',
      { error: { code: 'endpoint_unsupported', type: 'permission_error' } },
    ],
    ['openai/v1/chat/completions/', { error: { code: 'endpoint_unsupported' } }],
    [
      'anthropic/v1/files',
      { type: 'error', error: { type: 'permission_error', details: { error_code: 'endpoint_unsupported' } } },
    ],
    ['gemini/v1beta/models/x:predict', { error: { code: 403, status: 'PERMISSION_DENIED' } }],
    ['ollama/api/pull', { error: expect.stringContaining('endpoint_unsupported') as string }],
  ])('refuses %s in the envelope of its provider', async (path, envelope) => {
    const response = await plane.post('{"model":"gpt","messages":[]}', {}, path);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject(envelope);
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      kind: 'llm',
      provider: path.split('/')[0],
      reason_code: 'endpoint_unsupported',
    });
    expect((await plane.post('{}', { authorization: 'Bearer x' }, path)).status).toBe(401);
  });

  it("takes the token from where a provider's SDK puts its key", async () => {
    const url = `${plane.proxy.url}/api/v1/anthropic/v1/messages`;
    const statusWith = async (header: string): Promise<number> =>
      (await fetch(url, { method: 'POST', headers: { [header]: plane.token() }, body: '{}' })).status;
    expect([await statusWith('x-api-key'), await statusWith('x-goog-api-key')]).toEqual([400, 401]);
  });

  it('limits how often, with the time to wait', async () => {
    const unlimited = { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null };
    await plane.configure({ rate_limits: { ...unlimited, agent_per_minute: 1 } });
    try {
      await client.chat.completions.create(plane.ask('gpt'));
      const error = await failure(client.chat.completions.create(plane.ask('gpt')));
      expect(error).toBeInstanceOf(OpenAI.RateLimitError);
      expect(error).toMatchObject({ code: 'rate_limited' });
      expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await plane.configure({ rate_limits: unlimited });
    }
  });

  it('denies when OPA is gone', async () => {
    await plane.proxy.opa.stop();
    const error = await failure(client.chat.completions.create(plane.ask('gpt')));
    expect(error).toMatchObject({ status: 403, code: 'opa_unreachable' });
  });
});
