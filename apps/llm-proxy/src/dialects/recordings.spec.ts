// What official SDKs and providers say to each other, recorded by the SDK matrix (`apps/e2e`), as the port sees it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { runStream } from '../../test/run-stream';
import type { Dialect, Endpoint } from './dialect';
import { DIALECTS } from './providers';
import { readRequest } from './reading';
import { outboundHeaders } from './request-headers';

interface Recorded {
  readonly provider: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  };
  readonly answer: { readonly status: number; readonly type: string; readonly text: string };
}

const FOLDER = join(__dirname, '../../test/fixtures/recorded');
const RULES = { maxBytes: 100_000, unknownMembers: 'refuse' } as const;
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

function recordingOf(name: string): readonly Recorded[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Recorded[];
}

function dialectOf({ provider }: Recorded): Dialect {
  return DIALECTS.find(({ id }) => id === provider)!;
}

function endpointOf(recorded: Recorded): Endpoint {
  const { method, path } = recorded.request;
  const [bare = '', query = ''] = path.split('?');
  const endpoint = dialectOf(recorded).endpointOf({ method, path: bare, query });
  if (!endpoint) throw new Error(`${method} ${path} is not known`);
  return endpoint;
}

const isStream = ({ answer: { type, status } }: Recorded): boolean =>
  status === 200 && /event-stream|ndjson/.test(type);

it('there is one of each SDK of the matrix', () => expect(NAMES).toHaveLength(14));

describe.each(NAMES)('%s', (name) => {
  const recorded = recordingOf(name);
  const answered = recorded.filter(({ answer }) => answer.status === 200);

  it.each(recorded.map((one) => [`${one.request.method} ${one.request.path}`, one] as const))(
    '%s is understood, and goes on as it came',
    (_name, one) => {
      const endpoint = endpointOf(one);
      const bytes = Buffer.from(one.request.text);
      const read = readRequest(endpoint, bytes, RULES);
      expect(read).toMatchObject({ ok: true });
      if (!read.ok || endpoint.method === 'GET') return;
      const sent = endpoint.outboundBody({ ...read.request, hidesTokens: false }, undefined);
      expect(Buffer.from(sent).toString('utf8')).toBe(one.request.text);
    },
  );

  it('has no header that a provider could need and does not get', () => {
    const stays = new Set(['accept', 'content-type', 'x-stainless-retry-count']);
    for (const one of recorded) {
      const passed = outboundHeaders(dialectOf(one), one.request.headers)?.headers ?? {};
      const lost = Object.keys(one.request.headers).filter((header) => !(header in passed));
      expect(lost.filter((header) => !stays.has(header))).toEqual([]);
    }
  });

  it('has answers that are read whole, and in pieces of any size', async () => {
    expect(answered.length).toBeGreaterThan(1);
    for (const one of answered) {
      const endpoint = endpointOf(one);
      if (!isStream(one)) {
        expect(endpoint.readAnswer(JSON.parse(one.answer.text))).toBeDefined();
        continue;
      }
      const bytes = Buffer.from(one.answer.text);
      const whole = await runStream(endpoint, bytes, [], { hidesTokens: false });
      expect(whole).toMatchObject({ text: one.answer.text, end: { kind: 'complete' } });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (cuts) => {
          const { text, end, judged } = await runStream(endpoint, bytes, cuts, { hidesTokens: false });
          expect({ text, end, judged }).toEqual({ text: whole.text, end: whole.end, judged: whole.judged });
        }),
        { numRuns: 5 },
      );
    }
  });

  it('has calls of a tool, which are found wherever they are', async () => {
    const weather = { name: 'get_weather', arguments: { city: 'Oslo' } };
    const calling = answered.filter(({ request }) => `${request.path}${request.text}`.includes('tools.'));
    expect(calling.length).toBeGreaterThan(1);
    for (const one of calling) {
      const endpoint = endpointOf(one);
      const bytes = Buffer.from(one.answer.text);
      const calls = isStream(one)
        ? (await runStream(endpoint, bytes, [])).judged
        : endpoint.readAnswer(JSON.parse(one.answer.text))?.calls;
      expect(calls).toEqual([weather]);
    }
  });
});
