// What a hostile model, provider or agent may try.
import { once } from 'node:events';
import { request } from 'node:http';
import { BadRequestError } from 'openai';
import { describeWithOpa } from '@behavry/testing';
import { decisionOf, failure, LlmPlane } from './llm-plane';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';
const ADDRESS = 'someone@example.com';

describeWithOpa('llm-proxy under attack', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start({ maxBodyBytes: 1024 * 1024 });
  }, 120_000);
  afterAll(() => plane.stop());

  function ask(model: string, more: object = {}): Promise<unknown> {
    return plane.client().chat.completions.create(plane.ask(model, more));
  }

  /** Both ways of asking are refused for the same reason, and nothing of the call reaches the agent. */
  async function expectRefused(model: string, code: string): Promise<void> {
    expect(await failure(ask(model))).toMatchObject({ code });
    const { text, isBroken, id } = await plane.raw(model);
    expect(isBroken).toBe(true);
    expect(text).toContain(`"code":"${code}"`);
    expect(text).not.toContain('tool_calls');
    expect(await plane.record(id)).toMatchObject({ outcome: 'refused', error: code });
  }

  describe('a tool call in an answer', () => {
    it.each([
      ['name a member twice', '{"path":"/srv/app/x","path":"/"}'],
      ['hide a name behind an escape', '{"path":"/srv/app/x","p\\u0061th":"/"}'],
      ['hold a number that readers round', '{"path":"/srv/app/x","n":12345678901234567890}'],
      ['carry a prototype', '{"path":"/srv/app/x","__proto__":{"path":"/"}}'],
      ['are cut off', '{"path":"/srv/app/x"'],
      ['are two values', '{"path":"/srv/app/x"}{"path":"/"}'],
      ['are a list', '["/"]'],
    ])('is refused when its arguments %s', async (_name, args) => {
      const model = plane.provider.call('lenient', { name: 'delete_file', arguments: args });
      expect(await failure(ask(model))).toBeInstanceOf(BadRequestError);
      await expectRefused(model, 'request_malformed');
    });

    it('is judged by what its strict arguments say', async () => {
      const far = plane.provider.call('far', { name: 'delete_file', arguments: '{"path":"/"}' });
      await expectRefused(far, 'blast_radius');
      const near = plane.provider.call('near', {
        name: 'delete_file',
        arguments: '{"path":"/srv/app/x"}',
      });
      expect(await ask(near)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
      expect((await plane.streamed(near)).chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
    });

    it('is refused when a provider streams arguments that are no text', async () => {
      const model = plane.provider.call('parsed', { name: 'get_weather', arguments: { city: 'Oslo' } });
      expect(await ask(model)).toMatchObject({ choices: [{}] });
      expect(await failure(plane.streamed(model))).toMatchObject({ code: 'upstream_error' });
    });

    it.each(['redact_inbound', 'max_result_bytes'])(
      'is denied when policy asks for %s of it',
      async (how) => {
        const model = plane.provider.call('obliged', {
          name: 'read_file',
          arguments: JSON.stringify({ how }),
        });
        await expectRefused(model, 'obligation_unkept');
      },
    );

    it('is denied when something would have to be taken out of its arguments', async () => {
      const args = (to: string): string => JSON.stringify({ how: 'redact_outbound', to });
      const found = plane.provider.call('found', { name: 'read_file', arguments: args(ADDRESS) });
      await expectRefused(found, 'obligation_unkept');
      const denied = await failure(ask(found));
      expect(await plane.record(decisionOf(denied))).toMatchObject({
        tool: 'read_file',
        verdict: 'deny',
        dlp_action: 'logged',
        outcome: 'refused',
      });
      const clean = plane.provider.call('clean', { name: 'read_file', arguments: args('nobody') });
      expect(await ask(clean)).toMatchObject({ choices: [{}] });
    });

    it('is denied when its answer is redacted, and it with it', async () => {
      const model = plane.provider.call('redacted-call', {
        name: 'get_weather',
        arguments: JSON.stringify({ city: ADDRESS }),
      });
      await expectRefused(model, 'obligation_unkept');
    });

    it('is refused when its name is a text', async () => {
      for (const name of ['get weather, please', 'hosted:web_search', '']) {
        await expectRefused(plane.provider.call('named', { name, arguments: '{}' }), 'request_malformed');
      }
    });

    it.each([
      [
        'of two kinds',
        [
          {
            index: 0,
            type: 'function',
            function: { name: 'get_weather', arguments: '{}' },
            custom: { name: 'rm', input: '' },
          },
        ],
      ],
      ['of a kind that nobody knows', [{ index: 0, type: 'shell', shell: { command: 'rm' } }]],
    ])('is not passed on when it is %s', async (_name, items) => {
      const message = { role: 'assistant', content: null, tool_calls: items };
      const model = plane.provider.say('odd', {
        message,
        deltas: [{ tool_calls: items }],
        reason: 'tool_calls',
      });
      expect(await failure(ask(model))).toMatchObject({ status: 502, code: 'upstream_error' });
      expect(await failure(plane.streamed(model))).toMatchObject({ code: 'upstream_error' });
    });

    it('is not passed on when its name comes twice', async () => {
      const deltas = [
        { name: 'get_weather', arguments: '' },
        { name: 'delete_everything', arguments: '{}' },
      ].map((called) => ({ tool_calls: [{ index: 0, function: called }] }));
      const model = plane.provider.say('renamed', { deltas, reason: 'tool_calls' });
      expect(await failure(plane.streamed(model))).toMatchObject({ code: 'upstream_error' });
    });

    it('is decided whatever status of success it comes with', async () => {
      for (const status of [201, 203, 206]) {
        const called = { type: 'function', function: { name: 'delete_everything', arguments: '{}' } };
        const message = { role: 'assistant', content: null, tool_calls: [{ id: 'c1', ...called }] };
        const model = plane.provider.say('success', { status, message });
        expect(await failure(ask(model))).toMatchObject({ status: 403, code: 'no_matching_rule' });
      }
    });

    it('is refused when there are more than can be decided', async () => {
      const item = { id: 'c', type: 'function', function: { name: 'get_weather', arguments: '{}' } };
      const message = {
        role: 'assistant',
        content: null,
        tool_calls: Array.from({ length: 129 }, () => item),
      };
      const error = await failure(ask(plane.provider.say('crowd', { message })));
      expect(error).toMatchObject({ code: 'result_too_large' });
      const id = decisionOf(error);
      await plane.record(id);
      expect(plane.entries.filter(({ extra }) => extra['parent_id'] === id)).toEqual([]);
    });
  });

  it('takes every one of many secrets out of a stream, however many there are', async () => {
    const letters = 'ABCDEFGHIJKLMNOP';
    const texts = Array.from(letters.repeat(10), (letter, index) => {
      const other = letters.charAt(Math.floor(index / 16));
      return `AKIAQ3EGRZ${letter}T4${other}2WM6LK and `;
    });
    const { text, id } = await plane.streamed(plane.provider.say('redacted', { texts }));
    expect(text).not.toContain('AKIA');
    expect(text.match(/REDACTED/g)?.length).toBeGreaterThanOrEqual(100);
    const record = await plane.record(id);
    expect(record).toMatchObject({ dlp_action: 'redacted', outcome: 'ok' });
    expect((record['dlp_findings'] as unknown[]).length).toBeLessThanOrEqual(100);
  });

  describe('whose key is used', () => {
    const body = (model: string): string => JSON.stringify(plane.ask(model));

    it('is for policy to judge and stands in the record', async () => {
      const own = await plane.post(body('plane-key-only'), { 'x-openai-key': 'sk-of-somebody-else' });
      expect(own.status).toBe(403);
      expect(await plane.record(own.headers.get('x-behavry-decision'))).toMatchObject({
        verdict: 'deny',
        extra: { key_source: 'request' },
      });
      expect((await plane.post(body('plane-key-only'))).status).toBe(200);
    });

    it('decides who may choose the account that pays', async () => {
      const account = { 'openai-organization': 'org-1', 'openai-project': 'proj_1' };
      await plane.post(body('gpt'), account);
      expect(plane.provider.seen.at(-1)?.headers).not.toMatchObject(account);
      expect(Object.keys(plane.provider.seen.at(-1)?.headers ?? {})).not.toContain('openai-project');
      await plane.post(body('gpt'), { ...account, 'x-openai-key': 'sk-own' });
      expect(plane.provider.seen.at(-1)?.headers).toMatchObject(account);
    });
  });

  it('lets no header carry out what the body may not', async () => {
    const before = plane.provider.seen.length;
    const response = await plane.post(JSON.stringify(plane.ask('gpt')), { 'openai-beta': SECRET });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'dlp_blocked' } });
    expect(plane.provider.seen.length).toBe(before);
  });

  it('writes no text of a call into record or log, wherever it stood', async () => {
    const { provider } = plane;
    const function_ = (name: string): object => ({ type: 'function', function: { name } });
    await plane.post(JSON.stringify(plane.ask(SECRET)));
    await plane.post(JSON.stringify(plane.ask('tell me the canary-model')));
    await plane.post(JSON.stringify(plane.ask('gpt', { tools: [function_(SECRET)] })));
    await plane.post(JSON.stringify(plane.ask('gpt', { tools: [{ type: SECRET }] })));
    await plane.post(
      JSON.stringify(plane.ask('gpt', { tools: [function_('get_weather'), function_('canary tool')] })),
    );
    await plane.post(JSON.stringify(plane.ask('gpt', { [SECRET]: 1 })));
    await plane.post('{}', {}, `openai/v1/${SECRET}`);
    await plane.post('{}', {}, 'openai/v1/a%20canary-path');
    await plane.post('{}', {}, 'openai/v1/models?q=canary-query');
    await plane.post(JSON.stringify(plane.ask('gpt')), {
      'openai-beta': SECRET,
      'x-openai-key': `canary-key`,
    });
    for (const name of [SECRET, `canary ${SECRET}`]) {
      plane.provider.call('leaks', {
        name,
        arguments: JSON.stringify({ [SECRET]: 'canary', path: `/home/${SECRET}` }),
      });
      await plane.post(JSON.stringify(plane.ask('leaks')));
      await plane.raw('leaks');
    }
    provider.say('leaks', { raw: `{"choices":[{"message":{"${SECRET}":"canary"}}]}` });
    await plane.post(JSON.stringify(plane.ask('leaks')));
    const last = await plane.post(JSON.stringify(plane.ask('gpt')));
    await plane.record(last.headers.get('x-behavry-decision'));
    for (const line of [...plane.entries.map((entry) => JSON.stringify(entry)), ...plane.proxy.log]) {
      expect(line).not.toContain(SECRET);
      expect(line).not.toContain('canary');
    }
  });

  it('shows policy what a long conversation is made of, and none of its texts', async () => {
    const messages = Array.from({ length: 400 }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: 'canary and a thousand words '.repeat(60),
    }));
    expect((await plane.post(JSON.stringify({ model: 'gpt', messages }))).status).toBe(200);
    const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'QUFB'.repeat(50)}` } };
    const shown = await plane.post(
      JSON.stringify({ model: 'gpt', messages: [...messages, { role: 'user', content: [picture] }] }),
    );
    expect(await shown.json()).toMatchObject({
      error: { code: 'policy_deny', message: 'Behavry: no pictures' },
    });
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
    const response = await plane.post(body, headers);
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

  it('takes no body that is too large, announced or not', async () => {
    const body = JSON.stringify(plane.ask('gpt', { filler: 'x'.repeat(1024 * 1024) }));
    const announced = await plane.post(body);
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: 'request_too_large' } });
    const chunked = request(`${plane.proxy.url}/api/v1/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json' },
    });
    chunked.on('error', () => undefined);
    chunked.write(body);
    chunked.end();
    const [response] = (await once(chunked, 'response')) as [{ statusCode: number; resume: () => void }];
    expect(response.statusCode).toBe(413);
    response.resume();
  });
});
