// Files that are texts, written into a body in another form.

/** What of a media type is text, whatever it is about. */
const TEXT_KIND =
  /^(?:text\/[a-z0-9.+-]+|application\/(?:[a-z0-9.+-]+\+)?(?:json|xml|yaml|x-yaml|x-ndjson|javascript|sql|toml|csv)|image\/svg\+xml)$/;
/** Other character sets would make another text of the same bytes. */
const CHARSET = /^charset="?(?:utf-8|us-ascii)"?$/;
/** The one form of a data URL that all readers take for the same: others skip blanks, or cut at a sign. */
const DATA_URL = /^data:([a-z0-9.+/-]{1,100}(?:;charset=(?:utf-8|us-ascii))?)(;base64)?,([!"$-~]*)$/i;
const CONTROL = /[\u0000-\u0008\u000e-\u001f]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @param mediaType with its parameters
 * @param data in base64, in the one way in which all readers decode it to the same
 * @returns the text; undefined when it is none, or when readers could differ about it
 */
export function decodedText(mediaType: unknown, data: unknown): string | undefined {
  if (typeof mediaType !== 'string' || typeof data !== 'string' || !isTextKind(mediaType)) return undefined;
  const bytes = Buffer.from(data, 'base64');
  if (bytes.toString('base64') !== data) return undefined;
  return textOf(bytes);
}

/** @returns the text in a data URL, as of {@link decodedText} */
export function textInDataUrl(url: unknown): string | undefined {
  const [, about = '', isBase64, data] = (typeof url === 'string' ? DATA_URL.exec(url) : null) ?? [];
  if (data === undefined) return undefined;
  if (isBase64 !== undefined) return decodedText(about, data);
  if (!isTextKind(about)) return undefined;
  try {
    const text = decodeURIComponent(data);
    return isDocument(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function isTextKind(mediaType: string): boolean {
  const [kind = '', ...parameters] = mediaType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  return TEXT_KIND.test(kind) && parameters.every((one) => !one.startsWith('charset') || CHARSET.test(one));
}

/** Whether some readers would see more in it than a text, whatever it is said to be: documents tell themselves. */
function isDocument(text: string): boolean {
  return CONTROL.test(text) || text.slice(0, 2_048).includes('%PDF-') || /^\s*\{\\rtf/.test(text);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = UTF8.decode(bytes);
    return isDocument(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
