import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP_NAMES, appsOf, MODES, ROUTE_TABLE, routeFor, type Mode } from '@behavry/contracts';
import { ERROR_TABLE } from '@behavry/platform';
import { workspaceRoot } from '@behavry/test-components';
import { edgeConfig } from './edge-config';
import { CLAIMS } from './edge-headers';
import { REQUEST_LINE } from './edge-paths';
import { EDGE_PROBLEMS } from './edge-problems';
import { BODY_BOUNDS, DEFAULT_BODY_BOUND } from './edge-routes';

/** The pairs of one `map` of a configuration, in their order. */
function mapIn(config: string, name: string): readonly (readonly [key: string, value: string])[] {
  const block = new RegExp(`map \\$\\w+ \\$${name} \\{\\n([^]*?)\\n  \\}`, 'u').exec(config)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => /^\s+"?([^"]*?)"? "?([^"]*?)"?;$/u.exec(line))
    .flatMap((found) => (found ? [[found[1] ?? '', found[2] ?? ''] as const] : []))
    .filter(([key]) => key !== 'default');
}

/** Group and app of a path, as nginx finds them. */
function owner(mode: Mode, path: string): { readonly group: string; readonly app: string | undefined } {
  const config = edgeConfig({ mode, target: 'compose', api: 'included' });
  const group =
    mapIn(config, 'edge_group').find(([key]) => new RegExp(key.slice(1), 'u').test(path))?.[1] ?? '';
  return { group, app: mapIn(config, 'edge_app').find(([key]) => key === group)?.[1] };
}

describe.each(MODES)('the edge of a %s', (mode) => {
  it('sends every row of the route table to its app in its modes, and names the group in others', () => {
    for (const { group, prefixes, app, modes } of ROUTE_TABLE) {
      for (const prefix of prefixes) {
        for (const path of [prefix, `${prefix}/x`]) {
          expect([path, owner(mode, path)]).toEqual([
            path,
            { group, app: modes.includes(mode) ? app : undefined },
          ]);
        }
        expect([prefix, owner(mode, `${prefix}x`).group]).toEqual([
          prefix,
          routeFor(`${prefix}x`)?.group ?? '',
        ]);
      }
    }
  });

  it('has an address for every app of the mode and for no other', () => {
    for (const target of ['compose', 'kubernetes'] as const) {
      const config = edgeConfig({ mode, target, api: 'plain' });
      const apps = appsOf(mode).map(({ name }) => name);
      expect(mapIn(config, 'edge_address').map(([app]) => app)).toEqual(apps);
      const reached = apps.map((app) => [app, target === 'compose' ? `${app}:8000` : app]);
      expect(mapIn(config, 'edge_address')).toEqual(reached);
      const upstreams = [...config.matchAll(/upstream ([\w-]+) \{ server ([\w:-]+) /gu)];
      expect(upstreams.map(([, name, server]) => [name, server])).toEqual(
        target === 'compose' ? [] : apps.map((app) => [app, `${app}:8000`]),
      );
    }
  });
});

it('has one group per row: the edge finds the app by it', () => {
  const groups = ROUTE_TABLE.map(({ group }) => group);
  expect(groups).toEqual([...new Set(groups)]);
  expect(groups.filter((group) => !/^[a-z-]+$/u.test(group))).toEqual([]);
});

it('says of a problem what the apps say', () => {
  for (const [code, row] of Object.entries(EDGE_PROBLEMS)) {
    expect([code, row]).toEqual([code, ERROR_TABLE[code as keyof typeof ERROR_TABLE]]);
  }
});

it('takes bodies as large as the apps do by default', () => {
  const reference = readFileSync(join(workspaceRoot(), 'docs', 'configuration.md'), 'utf8');
  const defaultOf = (name: string): number =>
    Number(new RegExp(`\`${name}\` \\| number \\| \`(\\d+)\``, 'u').exec(reference)?.[1]);
  expect(BODY_BOUNDS).toEqual({
    'llm-proxy': defaultOf('BEHAVRY_LLM_MAX_BODY_BYTES'),
    'mcp-proxy': defaultOf('BEHAVRY_MCP_MAX_BODY_BYTES'),
  });
  const adapter = readFileSync(join(workspaceRoot(), 'libs/platform/src/service/configure-app.ts'), 'utf8');
  expect(adapter).toContain('bodyLimit: 1024 * 1024,');
  expect(DEFAULT_BODY_BOUND).toBe(1024 * 1024);
});

it('overwrites or drops every claim about the client', () => {
  const config = edgeConfig({ mode: 'standalone', target: 'compose', api: 'plain' });
  for (const name of CLAIMS) expect(config).toContain(`proxy_set_header ${name} "";`);
  for (const name of ['For', 'Host', 'Proto']) {
    expect(config).toMatch(new RegExp(`proxy_set_header X-Forwarded-${name} \\$(?!http_x_)\\w+;`, 'u'));
  }
});

it('speaks TLS for the API only when asked, and never opens a port of operations', () => {
  const listeners = (api: 'plain' | 'tls' | 'included'): readonly string[] =>
    [
      ...edgeConfig({ mode: 'standalone', target: 'compose', api }).matchAll(/(?:listen|include api).*;/gu),
    ].map(([line]) => line);
  const others = ['listen 8443 ssl;', 'listen 8080;', 'listen 127.0.0.1:8099;'];
  expect(listeners('plain')).toEqual(['listen 8000;', ...others]);
  expect(listeners('tls')).toEqual(['listen 8000 ssl;', ...others]);
  expect(listeners('included')).toEqual(['include api.conf;', ...others]);
  for (const app of APP_NAMES) {
    expect(edgeConfig({ mode: 'standalone', target: 'kubernetes', api: 'plain' })).not.toContain(
      `${app}:8001`,
    );
  }
});

describe('the request line', () => {
  const line = new RegExp(REQUEST_LINE, 'iu');

  it.each([
    '/',
    '/api/v1/policies',
    '/api/v1/policies/?a=//b/../%2f%zz',
    '/api/v1/%70olicies',
    '/api/v1/gemini/v1beta/models/gemini-pro:generateContent',
    '/a/...b/.c/..d',
    '/%C3%A9/%e2%82%ac/%F0%9F%8E%88/%F4%8F%BF%BF',
  ])('is accepted with %s', (target) => {
    expect(line.test(`GET ${target} HTTP/1.1`)).toBe(true);
  });

  it.each([
    'http://other/api/v1/policies',
    '*',
    '',
    '/a//b',
    '//a',
    '/a/../b',
    '/a/.',
    '/a/./b',
    '/a/..',
    '/a/..?x',
    '/a/..;/b',
    '/a/.;',
    '/a%2fb',
    '/a%2Fb',
    '/a/%2e%2e/b',
    '/a%5cb',
    '/a\\b',
    '/a%00',
    '/a%0d%0ab',
    '/a%7f',
    '/a%zz',
    '/a%',
    '/a%ff',
    '/a%C0%AF',
    '/a%E0%80%AF',
    '/a%ED%A0%80',
    '/a%F4%90%80%80',
    '/a%C3',
    '/a b',
    '/a#b',
    '/a?b#c',
    '/a?b\tc',
    '/\xc3\xa9',
    '/a?\xc3',
  ])('is refused with %j', (target) => {
    expect(line.test(`GET ${target} HTTP/1.1`)).toBe(false);
  });

  it('is of HTTP/1', () => {
    for (const text of ['GET /a', 'GET /a HTTP/2.0', 'GET /a HTTP/0.9', 'GET  /a HTTP/1.1', '/a HTTP/1.1']) {
      expect([text, line.test(text)]).toEqual([text, false]);
    }
  });
});
