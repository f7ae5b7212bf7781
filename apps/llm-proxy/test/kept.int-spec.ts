// Long because one plane serves all of it, and each promise is short.
// Answers whose calls wait for a person, in all dialects: what the agent has meanwhile, who gets the call, and how often.
import { agentEntry, describeWithOpa, eventually } from '@behavry/testing';
import type { LlmProxyConfig } from '../src/llm-proxy.config';
import { CONVERSATIONS, type Conversation } from './conversations';
import { AGENT, LlmPlane } from './llm-plane';
import { People } from './people';
import type { Called } from './speakers';

const OTHER = '019a0000-0000-7000-8000-0000000000b2';
const pay = (amount: number): Called => ({ name: 'pay', arguments: { amount } });
const WEATHER: Called = { name: 'get_weather', arguments: { city: 'Oslo' } };
const TEXTS = ['I will', ' pay.'];
const SAID = TEXTS.join('');

interface Got {
  readonly status: number;
  readonly text: string;
  readonly isBroken: boolean;
  readonly decision: string | null;
  readonly escalation: string | null;
}

interface Ask {
  readonly agent?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
}

describeWithOpa('an answer that waits for a person', () => {
  let plane: LlmPlane;
  let people: People;

  beforeAll(async () => {
    plane = await LlmPlane.start();
    await plane.configure({ agents: [agentEntry(AGENT), agentEntry(OTHER)] });
    people = new People(plane.proxy);
  }, 120_000);
  afterAll(() => plane.stop());
  beforeEach(() => {
    people.forget();
    plane.provider.seen.length = 0;
  });

  async function send(
    path: string,
    body: object,
    { agent = AGENT, url = plane.proxy.url, headers = {} }: Ask = {},
  ): Promise<Got> {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        authorization: `Bearer ${plane.proxy.issuer.agentToken(agent)}`,
        'content-type': 'application/json',
        ...headers,
      },
    });
    const { status } = response;
    const decision = response.headers.get('x-behavry-decision');
    const escalation = response.headers.get('x-behavry-escalation');
    let text = '';
    let isBroken = false;
    try {
      for await (const bytes of response.body ?? [])
        text += Buffer.from(bytes as Uint8Array).toString('utf8');
    } catch {
      isBroken = true;
    }
    return { status, text, isBroken, decision, escalation };
  }

  /** One conversation of which nothing else is known: what the model says, and how it is asked. */
  class Case {
    static #count = 0;
    readonly model = `m${String(Case.#count++)}`;
    readonly path: string;
    readonly body: Readonly<Record<string, unknown>>;
    readonly told: string;

    constructor(
      readonly speech: Conversation,
      readonly isStream: boolean,
      calls: readonly Called[] = [pay(10)],
      readonly texts: readonly string[] = TEXTS,
    ) {
      this.path = speech.path(this.model, isStream);
      this.body = speech.body(this.model, 'hello', isStream);
      this.told = isStream ? speech.stream(texts, ...calls) : speech.whole(texts, ...calls);
      const headers = { 'content-type': isStream ? speech.streamType : 'application/json' };
      plane.provider.say(this.model, { raw: this.told, headers });
    }

    /** Asks, and asks again. */
    ask(more?: Ask): Promise<Got> {
      return send(this.path, this.body, more);
    }

    /** Asks after the text that was delivered. */
    askAfter(text: string, more?: Ask): Promise<Got> {
      return send(this.path, this.speech.after(this.body, text), more);
    }

    /** Expects the whole answer as it came from the provider. */
    expectGiven({ status, text, isBroken }: Got): void {
      expect({ status, text, isBroken }).toEqual({ status: 200, text: this.told, isBroken: false });
    }

    expectHits(count: number): void {
      expect(plane.provider.seen).toHaveLength(count);
    }
  }

  const idOf = (at = 0): string => people.cases[at]?.id ?? 'none';
  const BOTH = CONVERSATIONS.flatMap((speech) => [
    [`${speech.name}, whole`, speech, false] as const,
    [`${speech.name}, streamed`, speech, true] as const,
  ]);

  describe.each(BOTH)('%s', (_name, speech, isStream) => {
    it('has its text delivered and its call withheld, with the ending that says why', async () => {
      const own = new Case(speech, isStream);
      const got = await own.ask();
      expect({ status: got.status, isBroken: got.isBroken }).toEqual({ status: 200, isBroken: isStream });
      expect(got.text).not.toContain('amount');
      if (isStream) {
        for (const text of TEXTS) expect(got.text).toContain(text.trim());
        expect(got.text).toContain('escalation_pending');
        expect(got.text).toContain(`(escalation ${idOf()})`);
      } else {
        const { text, reason, why } = speech.ending(JSON.parse(got.text));
        expect(text).toBe(SAID);
        expect(why).toContain(`(escalation ${idOf()})`);
        expect(['content_filter', 'refusal', 'PROHIBITED_CONTENT', 'incomplete', why]).toContain(reason);
        expect(got.escalation).toBe(idOf());
      }
      expect(await plane.record(got.decision)).toMatchObject({
        outcome: 'pending',
        error: 'escalation_pending',
        extra: { escalation_id: idOf() },
      });
    });

    it('is given once approved, as it came, once, and without asking the provider', async () => {
      const own = new Case(speech, isStream);
      const first = await own.ask();
      const waiting = await own.ask();
      expect(waiting).toMatchObject({ status: 403, escalation: idOf() });
      own.expectHits(1);
      people.decide('approved');
      const given = await own.ask();
      own.expectGiven(given);
      own.expectHits(1);
      const record = await plane.record(given.decision);
      expect(record).toMatchObject({ outcome: 'ok', tokens: null, extra: { kept_from: first.decision } });
      expect(record['extra']).not.toHaveProperty('cost_microusd');
      expect(plane.entries.some(({ extra }) => extra['parent_id'] === given.decision)).toBe(true);
      await own.ask();
      own.expectHits(2);
    });

    it('is given to what goes on with the text that was delivered, and to no other text', async () => {
      const own = new Case(speech, isStream);
      await own.ask();
      people.decide('approved');
      await own.askAfter(`${SAID}.`);
      own.expectHits(2);
      people.forget();
      const again = new Case(speech, isStream);
      await again.ask();
      people.decide('approved');
      plane.provider.seen.length = 0;
      again.expectGiven(await again.askAfter(SAID));
      again.expectHits(0);
      await again.ask();
      again.expectHits(1);
    });

    it('that was denied is refused as such, and the next try is a new call', async () => {
      const own = new Case(speech, isStream);
      await own.ask();
      people.decide('denied');
      const denied = await own.ask();
      expect(denied.text).toContain('escalation_denied');
      expect(denied.text).not.toContain('amount');
      own.expectHits(1);
      await own.ask();
      own.expectHits(2);
    });

    it('with two calls is given when both are approved, and before that neither of them', async () => {
      const own = new Case(speech, isStream, [pay(1), pay(2)]);
      await own.ask();
      expect(people.cases).toHaveLength(2);
      people.decide('approved', 1);
      const waiting = await own.ask();
      expect(waiting).toMatchObject({ status: 403, escalation: idOf(1) });
      people.decide('approved');
      own.expectGiven(await own.ask());
      own.expectHits(1);
    });

    it('with two calls that are alike asks for each, and is given when both are approved', async () => {
      const own = new Case(speech, isStream, [pay(6), pay(6)]);
      await own.ask();
      const [first, second] = people.cases;
      expect([first?.state, second?.state]).toEqual(['pending', 'pending']);
      if (first) first.state = 'approved';
      expect(await own.ask()).toMatchObject({ status: 403, escalation: idOf(1) });
      people.decide('approved');
      own.expectGiven(await own.ask());
      own.expectHits(1);
    });

    it('keeps an allowed call back with the one that waits, and is refused with one that is denied', async () => {
      const own = new Case(speech, isStream, [WEATHER, pay(3)]);
      const got = await own.ask();
      expect(got.text).not.toMatch(/Oslo|amount/);
      people.decide('approved');
      own.expectGiven(await own.ask());
      own.expectHits(1);
      const denied = new Case(speech, isStream, [pay(3), pay(2_000)]);
      const refused = await denied.ask();
      expect(refused.text).toContain('policy_deny');
      expect(refused.text).not.toContain('amount');
    });
  });

  const [CHAT, MESSAGES, CONTENTS] = CONVERSATIONS as [Conversation, Conversation, Conversation];

  it.each([
    ['another agent', { agent: OTHER }, {}],
    ['another key', { headers: { 'x-openai-key': 'sk-of-its-own' } }, {}],
    ['other messages', {}, { messages: [{ role: 'user', content: 'hello!' }] }],
    ['another list of tools', {}, { tools: [] }],
    ['another temperature', {}, { temperature: 0.5 }],
    ['a stream', {}, { stream: true }],
  ])('is not for %s', async (_what, more, changes) => {
    const own = new Case(CHAT, false);
    await own.ask();
    people.decide('approved');
    plane.provider.say(own.model, { texts: ['No.'] });
    const strange = await send(own.path, { ...own.body, ...changes }, more);
    expect(strange.text).toContain('No.');
    own.expectHits(2);
    own.expectGiven(await own.ask());
    own.expectHits(2);
  });

  it('asks for each of two calls that differ in the order of their members alone', async () => {
    const to = 'Oslo';
    const calls = [
      { amount: 8, to },
      { to, amount: 8 },
    ].map((args) => ({ name: 'pay', arguments: args }));
    const own = new Case(CHAT, false, calls);
    await own.ask();
    expect(people.cases).toHaveLength(2);
    people.decide('approved');
    own.expectGiven(await own.ask());
    own.expectHits(1);
  });

  it('whose approval another answer with the same call has used is asked for anew', async () => {
    const own = new Case(CHAT, false);
    await own.ask();
    people.decide('approved');
    own.expectGiven(await send(own.path, { ...own.body, temperature: 0.5 }));
    own.expectHits(2);
    expect(await own.ask()).toMatchObject({ status: 200, escalation: idOf(1) });
    own.expectHits(3);
  });

  it('is not for another model that a request asks for', async () => {
    const own = new Case(CHAT, false);
    const other = new Case(CHAT, false);
    await own.ask();
    people.decide('approved');
    await send(own.path, { ...own.body, model: other.model });
    own.expectHits(2);
  });

  it('is given to one of two that ask at two replicas at once', async () => {
    const second = await plane.proxy.replica();
    const own = new Case(MESSAGES, true);
    await own.ask();
    people.decide('approved');
    const urls = [plane.proxy.url, second.url, plane.proxy.url, second.url];
    const got = await Promise.all(urls.map((url) => own.ask({ url })));
    expect(got.filter(({ text }) => text === own.told)).toHaveLength(1);
    // The others were answered anew, or have found what such an answer left; for that nobody has decided.
    expect(got.filter(({ text }) => text.includes('escalation_pending'))).toHaveLength(3);
    const hits = plane.provider.seen.length;
    people.decide('approved');
    own.expectGiven(await own.ask({ url: second.url }));
    own.expectHits(hits);
    await second.stop();
  });

  it('is found in a large request, and after what was said there too', async () => {
    const own = new Case(CHAT, false);
    const large = { ...own.body, messages: [{ role: 'user', content: 'Plain words, é. '.repeat(4_000) }] };
    await send(own.path, large);
    people.decide('approved');
    own.expectGiven(await send(own.path, CHAT.after(large, SAID)));
    own.expectHits(1);
  });

  it('is refused as before where it is too large to be kept, or has no text', async () => {
    const large = new Case(CHAT, false, [pay(4)], ['x'.repeat(300 * 1024)]);
    expect(await large.ask()).toMatchObject({ status: 403, escalation: idOf() });
    people.decide('approved');
    large.expectGiven(await large.ask());
    large.expectHits(2);
    people.forget();
    const silent = new Case(CHAT, false, [pay(4)], []);
    expect(await silent.ask()).toMatchObject({ status: 403, escalation: idOf() });
    people.decide('approved');
    silent.expectGiven(await silent.ask());
    silent.expectHits(3);
  });

  it('is judged anew: what may not be called any more is not, whoever approved it', async () => {
    const own = new Case(CHAT, false);
    await own.ask();
    people.decide('approved');
    const stop = { id: 'k', scope: 'tool', target: 'pay', reason: 'test' } as const;
    await plane.configure({ kill_switches: [stop] as never });
    const refused = await own.ask();
    expect(refused).toMatchObject({ status: 403 });
    expect(refused.text).toContain('kill_switch');
    own.expectHits(1);
    await plane.configure({ kill_switches: [] });
  });

  it.each([
    ['whole', false],
    ['streamed', true],
  ])('is told with what policy takes out of it, then and before: %s', async (_name, isStream) => {
    const texts = ['mine is AKIAIOSFODNN', '7EXAMPLE, and I', ' pay.'];
    const told = isStream ? MESSAGES.stream(texts, pay(7)) : MESSAGES.whole(texts, pay(7));
    const headers = { 'content-type': isStream ? MESSAGES.streamType : 'application/json' };
    plane.provider.say('redacted', { raw: told, headers });
    const path = MESSAGES.path('redacted', isStream);
    const body = MESSAGES.body('redacted', 'hello', isStream);
    const first = await send(path, body);
    expect(first.text).toMatch(/REDACTED/);
    expect(first.text).not.toMatch(/AKIA|7EXAMPLE|amount/);
    people.decide('approved');
    const [said = ''] = /mine is \[REDACTED:[^\]]+\]/.exec(first.text) ?? [];
    const given = await send(path, MESSAGES.after(body, `${said}, and I pay.`));
    expect(given.text).toMatch(/REDACTED[^]*tool_use/);
    expect(given.text).not.toMatch(/AKIA|7EXAMPLE/);
    expect(plane.provider.seen).toHaveLength(1);
  });

  it('is not for a stream that is written in another way', async () => {
    const own = new Case(CONTENTS, true);
    await own.ask();
    people.decide('approved');
    await send(own.path.replace('?alt=sse', ''), own.body);
    own.expectHits(2);
    own.expectGiven(await own.ask());
    own.expectHits(2);
  });

  it('waits anew where the approval is not for what policy asks now, and is still paid once', async () => {
    const own = new Case(CHAT, true);
    const first = await own.ask();
    people.forget();
    const { claims } = plane.proxy;
    const { standing } = claims;
    claims.standing = ({ escalation_ids: ids }) => ids.map(() => 'approved');
    expect((await own.ask()).text).toContain(idOf());
    claims.standing = standing;
    people.decide('approved');
    const given = await own.ask();
    own.expectGiven(given);
    own.expectHits(1);
    expect(await plane.record(given.decision)).toMatchObject({ extra: { kept_from: first.decision } });
  });

  it('is neither given nor paid for again while nobody can tell whether it is approved', async () => {
    const own = new Case(CHAT, false);
    await own.ask();
    const { claims } = plane.proxy;
    const { standing } = claims;
    claims.standing = () => [];
    const refused = await own.ask();
    claims.standing = standing;
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('escalation_unavailable');
    people.decide('approved');
    own.expectGiven(await own.ask());
    own.expectHits(1);
  });

  it('is not lost by a stream for which there is no room', async () => {
    const own = new Case(CHAT, true);
    await own.ask();
    people.decide('approved');
    plane.provider.say('hanging', { ending: 'hang' });
    const gone = new AbortController();
    const { streamsPerAgent } = plane.proxy.context.config as LlmProxyConfig;
    const open = await Promise.all(
      Array.from({ length: streamsPerAgent }, () =>
        plane.post(JSON.stringify(plane.ask('hanging', { stream: true })), {}, undefined, gone.signal),
      ),
    );
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
    expect(await own.ask()).toMatchObject({ status: 429 });
    gone.abort();
    await eventually(async () => {
      own.expectGiven(await own.ask());
    });
    expect(plane.provider.seen.filter(({ text }) => text.includes(own.model))).toHaveLength(1);
  });

  it('costs a request of an agent without one no question to anybody', async () => {
    const own = new Case(CHAT, false);
    await own.ask();
    const before = people.asked;
    await own.ask({ agent: OTHER });
    await send(own.path, { ...own.body, temperature: 1 });
    expect(people.asked).toBe(before);
  });

  it('leaves nothing of itself in logs and in the store', async () => {
    const own = new Case(CHAT, false, [{ name: 'pay', arguments: { amount: 5, note: 'canary-of-a-call' } }]);
    await own.ask();
    expect(plane.proxy.log.join('\n')).not.toContain('canary-of-a-call');
    const { Client } = await import('pg');
    const client = new Client(plane.proxy.dbUrl);
    await client.connect();
    const { rows } = await client.query<{ value: string }>('SELECT value FROM plane.memory');
    await client.end();
    expect(rows.length).toBeGreaterThan(0);
    const texts = rows.map(({ value }) => value + Buffer.from(value, 'base64url').toString('latin1'));
    expect(texts.join('\n')).not.toMatch(/canary-of-a-call|amount/);
  });
});
