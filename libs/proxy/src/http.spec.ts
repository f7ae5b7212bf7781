import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { faultOf, mediaTypeOf } from './http';

const RUNNING = { stopReason: null };

let server: Server;
let answer: RequestListener;

beforeAll(async () => {
  server = createServer((asked, response) => answer(asked, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const url = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('what a failed upstream is called', () => {
  it('a timeout when it does not begin, or does not go on', async () => {
    answer = () => undefined;
    const silent = await errorOf(request(url(), { headersTimeout: 50 }));
    answer = (_asked, response) => void response.writeHead(200).write('half');
    const { body } = await request(url(), { bodyTimeout: 50 });
    const stuck = await errorOf(body.text());
    expect([silent, stuck].map((error) => faultOf(error, RUNNING))).toEqual([
      'upstream_timeout',
      'upstream_timeout',
    ]);
  });

  it('an error when it hangs up, or when nobody is there', async () => {
    answer = (_asked, response) => response.destroy();
    const gone = await errorOf(request(url()));
    const nobody = await errorOf(request('http://127.0.0.1:9/'));
    expect([gone, nobody].map((error) => faultOf(error, RUNNING))).toEqual([
      'upstream_error',
      'upstream_error',
    ]);
  });

  it('the client’s when the exchange was stopped, whatever it made of the connection', async () => {
    answer = (_asked, response) => response.destroy();
    const gone = await errorOf(request(url()));
    expect(faultOf(gone, { stopReason: 'client_aborted' })).toBe('client_aborted');
  });
});

it.each([
  ['Application/JSON; charset=utf-8', 'application/json'],
  [['text/event-stream', 'text/plain'], 'text/event-stream'],
  [undefined, ''],
])('the media type of %j is %j', (header, expected) => {
  expect(mediaTypeOf(header)).toBe(expected);
});
