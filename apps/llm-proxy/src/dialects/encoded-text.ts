// Files that are texts, written into a body in another form.

/** What of a media type is text, whatever it is about. */
const TEXT_KIND =
  /^(?:text\/[a-z0-9.+-]+|application\/(?:[a-z0-9.+-]+\+)?(?:json|xml|yaml|x-yaml|x-ndjson|javascript|sql|toml|csv)|image\/svg\+xml)$/;
/** Other character sets would make another text of the same bytes. */
const CHARSET = /^charset="?(?:utf-8|us-ascii)"?$/;
const DATA_URL = /^data:([^,]{0,200}),/i;
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
  const [head, about = ''] = (typeof url === 'string' ? DATA_URL.exec(url) : null) ?? [];
  if (typeof url !== 'string' || head === undefined) return undefined;
  const data = url.slice(head.length);
  const base64 = /;\s*base64$/i.exec(about);
  if (base64) return decodedText(about.slice(0, base64.index), data);
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
