import { decodedText, textInDataUrl } from './encoded-text';

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

describe('a file in base64', () => {
  it.each([
    'text/plain',
    'text/csv; header=present',
    'TEXT/Markdown;charset=UTF-8',
    'application/json',
    'application/ld+json',
    'application/xml',
    'image/svg+xml',
  ])('of %s is a text', (mediaType) => {
    expect(decodedText(mediaType, base64('a,é,😀'))).toBe('a,é,😀');
  });

  it.each([
    ['of another kind', 'application/pdf', base64('text')],
    ['of a picture', 'image/png', base64('text')],
    ['in another character set', 'text/plain;charset=utf-16le', base64('t\0e\0')],
    ['that is not UTF-8', 'text/plain', base64(Uint8Array.of(0x61, 0xff))],
    [
      'with signs that some readers skip',
      'text/plain',
      `${base64('text').slice(0, 2)}\n${base64('text').slice(2)}`,
    ],
    ['with bits that nobody reads', 'text/plain', 'YR=='],
    ['without its end', 'text/plain', 'YQ'],
    ['with more behind its end', 'text/plain', 'YQ==YQ=='],
    ['that is a document', 'text/plain', base64('\n%PDF-1.7 stream')],
    ['that is a document of another kind', 'text/plain', base64('{\\rtf1 text}')],
    ['with signs that no text has', 'text/plain', base64('PK\u0003\u0004')],
    ['of another alphabet', 'text/plain', '_-__'],
    ['that is none', 'text/plain', 5],
    ['of no kind', undefined, base64('text')],
  ])('%s is none', (_what, mediaType, data) => {
    expect(decodedText(mediaType, data)).toBeUndefined();
  });
});

describe('a data URL', () => {
  it.each([
    [`data:text/plain;base64,${base64('one é')}`, 'one é'],
    [`DATA:application/json;charset=utf-8;BASE64,${base64('{}')}`, '{}'],
    ['data:text/csv,a%2Cb%C3%A9', 'a,bé'],
  ])('%s has a text', (url, text) => {
    expect(textInDataUrl(url)).toBe(text);
  });

  it.each([
    ['data:application/pdf;base64,JVBERi0='],
    ['data:;base64,YQ=='],
    ['data:text/plain,%FF'],
    [`data:text/plain;base64 ,${base64('text')}`],
    [`data:text/plain;bas\ne64,${base64('text')}`],
    [`data:text/plain;base64;x=y,${base64('text')}`],
    [`data:text/plain;x=y;base64,${base64('text')}`],
    ['data:text/plain,AKIA\nIOSF'],
    ['data:text/plain,AKIA#IOSF'],
    ['data:text/plain,a b'],
    [' data:text/plain,a'],
    ['data:text/plain'],
    ['https://example.org/data:text/plain,a'],
    [base64('text')],
    [null],
  ])('%s has none', (url) => {
    expect(textInDataUrl(url)).toBeUndefined();
  });
});
