import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { PublicJwk } from '@behavry/contracts';
import { checkDocument, CONFIG_TYPE, withoutNewAgents, type DocumentExpectation } from './config-document';

const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWK: PublicJwk = {
  ...(KEYS.publicKey.export({ format: 'jwk' }) as { n: string; e: string }),
  kty: 'RSA',
  use: 'sig',
  alg: 'RS256',
  kid: 'behavry-bundle',
};
const EXPECTED: DocumentExpectation = { keys: [JWK], tenantId: 't-1', generation: 5 };
const DOCUMENT = {
  schema: 1,
  tenant_id: 't-1',
  revision: '20260101T000000Z',
  generation: 5,
  kill_switches: [],
  agents: [],
  mcp_servers: [],
  dlp_patterns: [],
  blast_radius: {},
  rate_limits: {},
  escalation: {},
  data_protection: {},
};

function jws(payload: object, header: object = {}, key: KeyObject = KEYS.privateKey): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${text({ alg: 'RS256', kid: 'behavry-bundle', typ: CONFIG_TYPE, ...header })}.${text(payload)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

describe('config document', () => {
  it('is taken when the pinned key signed it for this tenant', () => {
    expect(checkDocument(jws(DOCUMENT), EXPECTED)).toEqual({ ok: true, document: DOCUMENT });
  });

  it('may hold what a tenant says of models, in the shape of it', () => {
    const settings = {
      providers: [],
      models: { allow: [], deny: [] },
      prices: [],
      budgets: [],
      unknown_members: 'refuse',
    };
    const sent = (model_settings: unknown): boolean =>
      checkDocument(jws({ ...DOCUMENT, model_settings }), EXPECTED).ok;
    expect(sent(settings)).toBe(true);
    for (const bad of [null, [], { ...settings, providers: {} }, { ...settings, models: [] }])
      expect(sent(bad)).toBe(false);
    expect(sent({ ...settings, models: { allow: '*', deny: [] } })).toBe(false);
  });

  it('is refused, by name of the fault, in every other case', () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const [head, , signature] = jws(DOCUMENT).split('.');
    const forged = Buffer.from(JSON.stringify({ ...DOCUMENT, generation: 9 })).toString('base64url');
    const cases: readonly (readonly [string, string])[] = [
      ['nonsense', 'malformed'],
      [jws(DOCUMENT, { alg: 'none' }), 'malformed'],
      [jws(DOCUMENT, { typ: 'JWT' }), 'malformed'],
      [jws(DOCUMENT, { crit: ['x'] }), 'malformed'],
      [jws(DOCUMENT, { kid: 'other' }), 'unknown_key'],
      [jws(DOCUMENT, {}, stranger), 'bad_signature'],
      [`${String(head)}.${forged}.${String(signature)}`, 'bad_signature'],
      [jws({ ...DOCUMENT, tenant_id: 't-2' }), 'other_tenant'],
      [jws({ ...DOCUMENT, schema: 2 }), 'newer_schema'],
      [jws({ ...DOCUMENT, generation: 4 }), 'older_generation'],
      [jws({ ...DOCUMENT, agents: null }), 'malformed'],
      [jws({ ...DOCUMENT, blast_radius: [] }), 'malformed'],
    ];
    expect(cases.map(([text]) => checkDocument(text, EXPECTED))).toEqual(
      cases.map(([, fault]) => ({ ok: false, fault })),
    );
  });

  it('loses only its new agents under an enforced licence', () => {
    const agent = {
      name: '',
      agent_type: '',
      client_id: '',
      secret_sha256: '',
      roles: [],
      permissions: [],
      tokens_not_before: null,
    };
    const document = {
      ...(DOCUMENT as unknown as Parameters<typeof withoutNewAgents>[0]),
      agents: [
        { ...agent, id: 'old', status: 'suspended' as const },
        { ...agent, id: 'new', status: 'active' as const },
      ],
    };
    const { agents, ...rest } = withoutNewAgents(document, new Set(['old']));
    expect(agents.map(({ id, status }) => [id, status])).toEqual([['old', 'suspended']]);
    expect({ ...rest, agents: document.agents }).toEqual(document);
  });
});
