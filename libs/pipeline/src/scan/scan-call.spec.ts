import { toolCall, type Call } from '../exchange/call';
import { Scan } from './scan';
import { scanCall } from './scan-call';

const KEY = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
const scan = Scan.of([], { injection: 'enforce' });
const mails = (count: number): string => 'a@b.co '.repeat(count);

describe('a call with texts in another form', () => {
  const encoded = (text: string): NonNullable<Call['encoded']> => [
    { written: 'W1', text: 'fine' },
    { written: 'W2', text },
  ];
  const call = (text: string, args: object): Call => ({ ...toolCall('send', args), encoded: encoded(text) });

  it('says where they stand, and that nothing can be taken out of them', () => {
    const scanned = scanCall(call(`x ${KEY}`, { files: ['W1', { data: 'W2' }], to: mails(1) }), scan);
    const found = { pattern: 'aws_access_key_id', field: '/files/1/data', span: [2, 22] };
    expect(scanned).toMatchObject({
      isFoundEncoded: true,
      arguments: {
        verdict: 'block',
        blockedBy: found,
        dlp: [{ field: '/to' }, found],
        tags: expect.arrayContaining(['aws', 'pii']),
      },
    });
    expect(scanCall(call('fine', { files: ['W2'], to: mails(1) }), scan)).toMatchObject({
      isFoundEncoded: false,
      arguments: { verdict: 'pass', dlp: [{ field: '/to' }] },
    });
  });

  it('lists a hundred findings, counts the rest, and never leaves out what blocks', () => {
    const many = Array.from({ length: 3 }, () => mails(60));
    const { arguments: scanned } = scanCall(call(`${mails(90)}${KEY}`, { many, data: 'W2' }), scan);
    expect(scanned.dlp).toHaveLength(100);
    expect(scanned.dlp.at(-1)).toMatchObject({ pattern: 'aws_access_key_id', field: '/data' });
    expect(scanned.blockedBy).toBe(scanned.dlp.at(-1));
    expect(scanned.counts['email_address']).toBe(270);
  });
});

describe('a call with stand-ins', () => {
  const call = (args: { past: string; now: string }): Call => ({
    ...toolCall('send', args),
    withStandIns: (patternIn) => {
      const pattern = patternIn({ past: args.past });
      if (pattern === undefined) return undefined;
      const left = { ...args, past: `no ${pattern}` };
      return { arguments: left, parameters: left, standIns: 1 };
    },
  });

  it('is judged by what is left, with all that was found', () => {
    const scanned = scanCall(call({ past: KEY, now: 'x' }), scan);
    expect(scanned).toMatchObject({
      left: { arguments: { past: 'no aws_access_key_id', now: 'x' }, standIns: 1 },
      arguments: { verdict: 'pass', blockedBy: null, dlp: [{ field: '/past' }] },
    });
    expect(scanned.arguments.redacted()).toEqual({ past: 'no aws_access_key_id', now: 'x' });
  });

  it('is blocked for what no stand-in can take the place of, and goes on unchanged when nothing is', () => {
    const both = scanCall(call({ past: KEY, now: KEY }), scan);
    expect(both.left).toBeUndefined();
    expect(both.arguments).toMatchObject({
      verdict: 'block',
      blockedBy: { field: '/now' },
      dlp: [{ field: '/past' }, { field: '/now' }],
    });
    const none = scanCall(call({ past: mails(1), now: 'x' }), scan);
    expect(none.left).toBeUndefined();
    expect(none.arguments.verdict).toBe('pass');
  });

  it('is blocked for a text in another form, whatever could be replaced', () => {
    const hidden = { ...call({ past: KEY, now: 'W' }), encoded: [{ written: 'W', text: KEY }] };
    const scanned = scanCall(hidden, scan);
    expect(scanned.left).toBeUndefined();
    expect(scanned.arguments).toMatchObject({ verdict: 'block' });
  });
});
