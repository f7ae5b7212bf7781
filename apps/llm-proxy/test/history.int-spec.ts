// Chats that are sent whole with each turn, small and in threads: what is found in them is found in every turn.
import type { DlpPatternEntry } from '@behavry/contracts';
import { agentEntry, describeWithOpa } from '@behavry/testing';
import { AGENT, LlmPlane } from './llm-plane';
import { chat, TELLERS, type Teller } from './tellers';

const SECRET = `ghp_${'a1B2'.repeat(9)}`;
const OTHER = '019a0000-0000-7000-8000-0000000000a2';
/** Enough for a thread. */
const BULK = 'The quarterly report says that most requests were answered within one day. '.repeat(400);
const WIZARDS: DlpPatternEntry = {
  id: 'wizards',
  name: 'wizards',
  pattern: 'wizard-[0-9]{4}',
  severity: 'high',
  tags: [],
  validator: null,
  enabled: true,
};

describeWithOpa('a chat that goes on', () => {
  let plane: LlmPlane;
  const agents = [agentEntry(AGENT), agentEntry(OTHER)];

  beforeAll(async () => {
    plane = await LlmPlane.start();
    await plane.configure({ agents });
  }, 120_000);
  afterAll(() => plane.stop());

  async function send(
    { path, list }: Teller,
    items: readonly object[],
    { model = 'gpt', agent = AGENT }: { model?: string; agent?: string } = {},
  ): Promise<{ status: number; text: string; record: Record<string, unknown>; sent: unknown[] }> {
    const before = plane.provider.seen.length;
    const body = { ...(list !== 'contents' && { model, stream: false }), [list]: items };
    const authorization = `Bearer ${plane.proxy.issuer.agentToken(agent)}`;
    const response = await plane.post(JSON.stringify(body), { authorization }, path(model));
    const text = await response.text();
    const record = await plane.record(response.headers.get('x-behavry-decision'));
    const seen = plane.provider.seen.slice(before);
    return {
      status: response.status,
      text,
      record,
      sent: seen.map((one) => JSON.parse(one.text) as unknown),
    };
  }

  const SIZES = [['small', ''], ['large', BULK]] as const; // prettier-ignore
  describe.each(TELLERS.map((teller) => [teller.name, teller] as const))('%s', (_name, teller) => {
    const { asked, said: answered, call, result, withheld, list, pointer } = teller;
    const past = (bulk: string): object[] => [asked(`Read it. ${bulk}`), call, result(`It is ${SECRET}.`)];
    const more = [answered('I have read it.'), asked('And now?')];

    it.each(SIZES)(
      'goes on with a stand-in for a past result, and says so each time: %s',
      async (_size, bulk) => {
        let items = [...past(bulk), ...more];
        for (let turn = 0; turn < 3; turn++) {
          const { record, sent } = await send(teller, items);
          expect(sent).toHaveLength(1);
          expect(sent[0]).toMatchObject({ [list]: items.map((item, at) => (at === 2 ? withheld : item)) });
          expect(JSON.stringify(sent)).not.toContain(SECRET);
          expect(record).toMatchObject({
            verdict: 'allow',
            dlp_action: 'redacted',
            dlp_findings: [{ pattern: 'github_token', severity: 'critical', field: `/${list}/2${pointer}` }],
            extra: { stand_ins: 1 },
          });
          items = [...items, ...more];
        }
      },
    );

    it.each(SIZES)('shows policy the finding in every turn: %s', async (_size, bulk) => {
      for (const items of [
        [...past(bulk), ...more],
        [...past(bulk), ...more, ...more],
      ]) {
        const { record, sent } = await send(teller, items, { model: 'finder' });
        expect(sent).toEqual([]);
        expect(record).toMatchObject({ verdict: 'deny', reason: 'a token was found' });
      }
    });

    it.each(SIZES)('is refused for its newest message, with the place: %s', async (_size, bulk) => {
      const items = [...past(bulk), ...more, call, result(`Now ${SECRET}.`)];
      const { status, text, record, sent } = await send(teller, items);
      expect([status, sent]).toEqual([403, []]);
      expect(text).toContain(`the call carries github_token at /${list}/6${pointer}`);
      expect(record).toMatchObject({ reason_code: 'dlp_blocked', dlp_action: 'blocked' });
      expect(record['extra']).not.toHaveProperty('stand_ins');
    });

    it.each(SIZES)('is refused for what no tool has brought back: %s', async (_size, bulk) => {
      const items = [...past(bulk), answered(`It was ${SECRET}.`), asked('And now?')];
      const { status, text, sent } = await send(teller, items);
      expect([status, sent]).toEqual([403, []]);
      expect(text).toContain(`at /${list}/3`);
    });
  });

  const tellerOf = (name: string): Teller => {
    const teller = TELLERS.find((one) => one.name === name);
    if (!teller) throw new Error(`nobody tells ${name}`);
    return teller;
  };
  const MAIL = 'someone@example.com';

  it.each(SIZES)('loses what policy wants taken out beside it: %s', async (_size, bulk) => {
    const { asked, call, result, withheld } = chat;
    const items = [asked(`${bulk} Write to ${MAIL}.`), call, result(SECRET), asked('Go on.')];
    const { record, sent } = await send(tellerOf('openai chat'), items, { model: 'redacted' });
    expect(sent).toMatchObject([{ messages: [{}, {}, withheld, {}] }]);
    expect(JSON.stringify(sent)).toContain('Write to [REDACTED:email_address].');
    expect(record).toMatchObject({ verdict: 'restrict', dlp_action: 'redacted', extra: { stand_ins: 1 } });
  });

  it.each(SIZES)('asks for the tokens of a stream beside it: %s', async (_size, bulk) => {
    const { asked, call, result, withheld } = chat;
    const messages = [asked(bulk), call, result(SECRET), asked('Go on.')];
    const { text } = await plane.streamed('gpt', { messages });
    expect(text).toBe('Hello there!');
    expect(JSON.parse(plane.provider.seen.at(-1)?.text ?? '')).toMatchObject({
      messages: [{}, {}, withheld, {}],
      stream_options: { include_usage: true },
    });
  });

  it.each(SIZES)('leaves signed parts as they are: %s', async (_size, bulk) => {
    const teller = tellerOf('anthropic');
    const thinking = { type: 'thinking', thinking: `I might write to ${MAIL}.`, signature: 'c2lnbmVk' };
    const thought = { role: 'assistant', content: [thinking, { type: 'text', text: 'Done.' }] };
    const items = [teller.asked(bulk), teller.call, teller.result(SECRET), thought, teller.asked('Go on.')];
    const { sent } = await send(teller, items);
    expect(sent).toMatchObject([{ messages: [{}, {}, teller.withheld, thought, {}] }]);
    const refused = await send(teller, items, { model: 'redacted' });
    expect(refused.sent).toEqual([]);
    expect(refused.record).toMatchObject({ outcome: 'refused', error: 'obligation_unkept' });
  });

  describe('with a file that is a text', () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const url = (text: string): string => `data:text/csv;base64,${base64(text)}`;
    const inParts = (key: string, part: object): object => ({ role: 'user', [key]: [part] });
    const FILES: readonly (readonly [name: string, pointer: string, message: (text: string) => object])[] = [
      [
        'openai chat',
        '/messages/1/content/0/file/file_data',
        (text) => inParts('content', { type: 'file', file: { filename: 'a.csv', file_data: url(text) } }),
      ],
      [
        'openai responses',
        '/input/1/content/0/file_data',
        (text) => inParts('content', { type: 'input_file', filename: 'a.csv', file_data: url(text) }),
      ],
      [
        'anthropic',
        '/messages/1/content/0/source/data',
        (text) =>
          inParts('content', {
            type: 'document',
            source: { type: 'base64', media_type: 'text/plain', data: base64(text) },
          }),
      ],
      [
        'gemini',
        '/contents/1/parts/0/inlineData/data',
        (text) => inParts('parts', { inlineData: { mimeType: 'text/plain', data: base64(text) } }),
      ],
    ];
    const EACH = FILES.flatMap((file) => SIZES.map((size) => [file[0], size[0], file, size[1]] as const));

    it.each(EACH)(
      '%s, %s: what is in it is scanned, and cannot be taken out',
      async (name, _size, file, bulk) => {
        const teller = tellerOf(name);
        const items = (text: string): object[] => [teller.asked(bulk), file[2](text)];
        // Policy lets nothing pass to this model that nobody has read.
        expect(await send(teller, items('only, plain, words'), { model: 'readable' })).toMatchObject({
          sent: [{ [teller.list]: items('only, plain, words') }],
          record: { verdict: 'allow', dlp_action: 'none' },
        });
        const secret = await send(teller, items(`a,${SECRET}`));
        expect([secret.status, secret.sent]).toEqual([403, []]);
        expect(secret.text).toContain(`the call carries github_token at ${file[1]}`);
        expect(secret.record).toMatchObject({ dlp_findings: [{ pattern: 'github_token', field: file[1] }] });
        const mail = await send(teller, items(`a,${MAIL}`));
        expect(mail.sent).toHaveLength(1);
        expect(mail.record).toMatchObject({ dlp_action: 'logged', dlp_findings: [{ field: file[1] }] });
        const unkept = await send(teller, items(`a,${MAIL}`), { model: 'redacted' });
        expect(unkept.sent).toEqual([]);
        expect(unkept.record).toMatchObject({ reason_code: 'obligation_unkept' });
      },
    );
  });

  it.each(SIZES)('is refused where a past result itself is signed: %s', async (_size, bulk) => {
    const teller = tellerOf('gemini');
    const { parts } = teller.result(SECRET) as { parts: object[] };
    const signed = { role: 'user', parts: parts.map((part) => ({ ...part, thoughtSignature: 'c2lnbmVk' })) };
    const { status, sent } = await send(teller, [teller.asked(bulk), teller.call, signed, teller.asked('?')]);
    expect([status, sent]).toEqual([403, []]);
  });

  it('is found with changed patterns at once, and in the same text of another agent', async () => {
    const teller = tellerOf('openai chat');
    const items = [teller.asked(`${BULK} wizard-1234 ${SECRET}`)];
    const mild = { ...WIZARDS, id: 'github_token', pattern: 'ghp_[A-Za-z0-9]{36}', severity: 'low' as const };
    await plane.configure({ agents, dlp_patterns: [mild] });
    const fields = ({ record }: { record: Record<string, unknown> }): unknown => record['dlp_findings'];
    const found = [{ pattern: 'github_token', severity: 'low', field: '/messages/0/content' }];
    for (const agent of [AGENT, AGENT, OTHER, OTHER]) {
      const turn = await send(teller, items, { agent });
      expect(turn.status).toBe(200);
      expect(fields(turn)).toMatchObject(found);
    }
    await plane.configure({ agents, dlp_patterns: [mild, WIZARDS] });
    const turn = await send(teller, items);
    expect(turn.status).toBe(403);
    expect(fields(turn)).toMatchObject([{ pattern: 'wizards' }, ...found]);
    await plane.configure({ agents, dlp_patterns: [] });
  });
});
