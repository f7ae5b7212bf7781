import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { publicJwkOf } from '../keys/public-jwk';
import { ManualClock } from '../time/clock';
import { TokenVerifier } from './token-verifier';
import { AGENT_AUDIENCE, isEnded, PERSON_AUDIENCE } from './verified-token';

const NOW = Date.UTC(2026, 5, 1);
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object = {}, header: object = {}, key: KeyObject = pair.privateKey): string {
  const text = `${encode({ alg: 'RS256', kid: 'k1', ...header })}.${encode({
    iss: 'behavry',
    aud: AGENT_AUDIENCE,
    sub: 'agent-1',
    jti: 's-1',
    tenant_id: 't-1',
    iat: NOW / 1000,
    exp: NOW / 1000 + 60,
    roles: ['r'],
    ...claims,
  })}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function verifier(onUnknownKey?: () => void): { verifier: TokenVerifier; clock: ManualClock } {
  const clock = new ManualClock(NOW);
  const made = new TokenVerifier(clock, onUnknownKey);
  made.trust([{ iss: 'behavry', keys: [publicJwkOf(pair.publicKey, 'k1')], audiences: [AGENT_AUDIENCE] }]);
  return { verifier: made, clock };
}

describe('a token', () => {
  it('of a trusted issuer tells who the agent is', () => {
    expect(verifier().verifier.verify(token(), AGENT_AUDIENCE)).toMatchObject({
      ok: true,
      token: { subject: 'agent-1', sessionId: 's-1', tenantId: 't-1', roles: ['r'], issuedAt: NOW },
    });
  });

  it("names a person's session by sid, and an agent's by jti alone", () => {
    const { verifier: made } = verifier();
    made.trust([
      {
        iss: 'behavry',
        keys: [publicJwkOf(pair.publicKey, 'k1')],
        audiences: [AGENT_AUDIENCE, PERSON_AUDIENCE],
      },
    ]);
    expect(made.verify(token({ sid: 's-2' }), AGENT_AUDIENCE)).toMatchObject({ token: { sessionId: 's-1' } });
    const person = { aud: PERSON_AUDIENCE, sid: 's-2' };
    expect(made.verify(token(person), PERSON_AUDIENCE)).toMatchObject({ token: { sessionId: 's-2' } });
    expect(made.verify(token({ aud: PERSON_AUDIENCE }), PERSON_AUDIENCE)).toMatchObject({
      token: { sessionId: 's-1' },
    });
  });

  it('is refused once it has expired, also when it was cached before', () => {
    const { verifier: made, clock } = verifier();
    const text = token();
    expect(made.verify(text, AGENT_AUDIENCE).ok).toBe(true);
    clock.advance(60_000);
    expect(made.verify(text, AGENT_AUDIENCE)).toEqual({ ok: false, fault: 'expired' });
  });

  it('is refused after its issuer is trusted no more', () => {
    const { verifier: made } = verifier();
    const text = token();
    expect(made.verify(text, AGENT_AUDIENCE).ok).toBe(true);
    made.trust([]);
    expect(made.verify(text, AGENT_AUDIENCE)).toEqual({ ok: false, fault: 'unknown_issuer' });
  });

  it.each([
    ['signed by a stranger', token({}, {}, stranger.privateKey), 'bad_signature'],
    ['without a signature', `${token().split('.').slice(0, 2).join('.')}.`, 'malformed'],
    ['with alg none', token({}, { alg: 'none' }), 'malformed'],
    ['with alg HS256', token({}, { alg: 'HS256' }), 'malformed'],
    ['with a critical extension', token({}, { crit: ['x'] }), 'malformed'],
    ['of another issuer', token({ iss: 'behavry:other' }), 'unknown_issuer'],
    ['for persons, of an issuer of agents', token({ aud: PERSON_AUDIENCE }), 'wrong_audience'],
    ['without expiry', token({ exp: undefined }), 'malformed'],
    ['with a list of audiences', token({ aud: [AGENT_AUDIENCE] }), 'malformed'],
    ['with white space', `${token()} `, 'malformed'],
    ['longer than any of ours', 'a'.repeat(9000), 'malformed'],
  ])('is refused %s', (_what, text, fault) => {
    expect(verifier().verifier.verify(text, AGENT_AUDIENCE)).toEqual({ ok: false, fault });
  });

  it('with an unknown key asks for the keys to be fetched', () => {
    let asked = 0;
    const { verifier: made } = verifier(() => (asked += 1));
    expect(made.verify(token({}, { kid: 'k2' }), AGENT_AUDIENCE)).toEqual({
      ok: false,
      fault: 'unknown_key',
    });
    expect(asked).toBe(1);
  });
});

describe('the end of tokens', () => {
  it('takes what was issued before, and a token that does not tell', () => {
    const end = new Date(NOW).toISOString();
    expect([NOW - 1, NOW, NOW + 1].map((issuedAt) => isEnded(issuedAt, end))).toEqual([true, false, false]);
    const silent = verifier().verifier.verify(token({ iat: undefined }), AGENT_AUDIENCE);
    expect(silent.ok && isEnded(silent.token.issuedAt, end)).toBe(true);
    expect(isEnded(NOW, null)).toBe(false);
    expect(isEnded(NOW, 'soon')).toBe(true);
  });
});
