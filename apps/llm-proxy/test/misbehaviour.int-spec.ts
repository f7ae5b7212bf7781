// Providers and clients that do not behave, in all four dialects: nothing is closed as complete that is not, and
// everything is recorded.
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describeWithOpa, eventually } from '@behavry/testing';
import type { Said } from './fake-provider';
import { LlmPlane } from './llm-plane';
import { SPEAKERS, type Called, type Speaker } from './speakers';

const CALL: Called = { name: 'get_weather', arguments: { city: 'Oslo' } };
const PROSE = ['Grüße aus 東京 ', '— 🦊 — und zurück'];
const MAX_ANSWER = 1024 * 1024;

interface Opened {
  readonly decision: string | null;
  readonly response: Response;
  readonly stop: () => void;
}

/** A stream that says the same over and over. */
function endless(speaker: Speaker): Said {
  const frames = speaker.stream(['on and on']).split(/(?<=\n)(?=event:|data:(?! \[DONE)|\{)/);
  const at = frames.findIndex((frame) => frame.includes('on and on'));
  const isNamed = frames[at - 1]?.startsWith('event:') === true;
  const said = isNamed ? at - 1 : at;
  const raw = frames.slice(said, at + 1).join('');
  return { opening: frames.slice(0, said).join(''), raw: raw.repeat(500), ending: 'endless' };
}

describeWithOpa('llm-proxy and providers that misbehave', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start({ maxAnswerBytes: MAX_ANSWER });
  }, 120_000);
  afterAll(() => plane.stop());

  /** Opens a stream of what the provider is told to say, or asks for it whole. */
  async function open(speaker: Speaker, said: Said, isStream = true): Promise<Opened> {
    const type = isStream ? { headers: { 'content-type': speaker.streamType, ...said.headers } } : {};
    plane.provider.say('told', { ...said, ...type });
    const control = new AbortController();
    const response = await fetch(
      `${plane.proxy.url}/api/v1/${speaker.provider}${speaker.path('told', isStream)}`,
      {
        method: 'POST',
        body: JSON.stringify(speaker.body('told', 'hello', isStream)),
        headers: { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json' },
        signal: control.signal,
      },
    );
    const decision = response.headers.get('x-behavry-decision');
    return { decision, response, stop: () => control.abort() };
  }

  async function read({ response, decision }: Opened): Promise<{
    readonly text: string;
    readonly isBroken: boolean;
    readonly outcome: unknown;
  }> {
    const parts: Uint8Array[] = [];
    let isBroken = false;
    try {
      for await (const part of response.body ?? []) parts.push(part as Uint8Array);
    } catch {
      isBroken = true;
    }
    const { outcome } = await plane.record(decision);
    return { text: Buffer.concat(parts).toString('utf8'), isBroken, outcome };
  }

  describe.each(SPEAKERS.map((speaker) => [speaker.provider, speaker] as const))('%s', (_name, speaker) => {
    it('in lines of another system, and in pieces that end within a letter', async () => {
      const raw = speaker.stream(PROSE, CALL).replaceAll('\n', '\r\n');
      const { text, isBroken, outcome } = await read(await open(speaker, { raw, piece: 7 }));
      expect({ isBroken, outcome }).toEqual({ isBroken: false, outcome: 'ok' });
      for (const part of [...PROSE, CALL.name]) expect(text).toContain(part);
    });

    it('without end: whoever leaves ends it at the provider too', async () => {
      const opened = await open(speaker, endless(speaker));
      const seen = plane.provider.seen.at(-1);
      const [begun] = [await opened.response.body?.getReader().read()];
      expect(begun?.done).toBe(false);
      opened.stop();
      await eventually(() => expect(seen?.isAborted).toBe(true));
      expect(await plane.record(opened.decision)).toMatchObject({
        outcome: 'aborted',
        error: 'client_aborted',
      });
    });

    it('without end, in one frame: it is given up at the bound of an answer', async () => {
      const piece = 'x'.repeat(64 * 1024);
      const opened = await open(speaker, { raw: piece, ending: 'endless' });
      const { isBroken, text } = await read(opened);
      expect(isBroken).toBe(true);
      expect(text).not.toContain('xxx');
      expect(plane.provider.seen.at(-1)?.isAborted).toBe(true);
      expect((await plane.record(opened.decision))['outcome']).not.toBe('ok');
    });

    it('with one frame of 256 KB, which is passed on as it came', async () => {
      const raw = speaker.stream(['word '.repeat(52_000)], CALL);
      const { text, isBroken } = await read(await open(speaker, { raw, piece: 10_000 }));
      expect(isBroken).toBe(false);
      expect(text === raw).toBe(true);
    });

    it('packed, though it was asked not to', async () => {
      for (const isStream of [true, false]) {
        const plain = isStream ? speaker.stream(PROSE) : speaker.whole(PROSE);
        const said = { raw: gzipSync(plain), headers: { 'content-encoding': 'gzip' } };
        const opened = await open(speaker, said, isStream);
        expect(opened.response.status).toBe(502);
        expect((await read(opened)).outcome).toBe('upstream_error');
      }
    });

    it('whole, cut off in the middle', async () => {
      const raw = speaker.whole(['Let me look.'], CALL).slice(0, -9);
      const headers = { 'content-length': '9999' };
      const opened = await open(speaker, { raw, headers, ending: 'cut' }, false);
      expect(opened.response.status).toBe(502);
      expect((await read(opened)).outcome).toBe('upstream_error');
    });

    it('to one that does not read: no more is taken from the provider than is under way', async () => {
      plane.provider.say('told', {
        ...endless(speaker),
        headers: { 'content-type': speaker.streamType },
      });
      const body = JSON.stringify(speaker.body('told', 'hello', true));
      const { hostname, port } = new URL(plane.proxy.url);
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(
        `POST /api/v1/${speaker.provider}${speaker.path('told', true)} HTTP/1.1\r\nhost: x\r\n` +
          `authorization: Bearer ${plane.token()}\r\ncontent-type: application/json\r\n` +
          `content-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
      );
      await once(socket, 'readable');
      const held = async (): Promise<number> => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return plane.provider.sentBytes;
      };
      // What is buffered between the two fills, and then nothing moves.
      await eventually(async () => {
        const before = await held();
        expect(await held()).toBe(before);
      });
      const decision = /x-behavry-decision: (\S+)/i.exec(String(socket.read()))?.[1] ?? null;
      socket.destroy();
      await eventually(() => expect(plane.provider.seen.at(-1)?.isAborted).toBe(true));
      expect(await plane.record(decision)).toMatchObject({ outcome: 'aborted' });
    });
  });
});
