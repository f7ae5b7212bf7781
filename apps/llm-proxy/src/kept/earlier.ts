import { boundContent, type KeyedDigest } from '@behavry/pipeline';
import type { Endpoint, ModelRequest } from '../dialects/dialect';
import { callOf, type Asked } from '../exchange/model-call';

/** What a request was a turn ago: plain data, which a thread can tell too. */
export interface EarlierDigests {
  /** What the model has said since. */
  readonly said: string;
  /** Digests of it, as exchanges have them of their requests, in each way in which it may have been written. */
  readonly digests: readonly string[];
}

/** Nothing that it may have been. */
export const NO_EARLIER: EarlierDigests = { said: '', digests: [] };

/** @returns none for a request whose last turn is not just a text of the model's */
export function earlierOf(
  endpoint: Endpoint,
  request: ModelRequest,
  asked: Asked,
  digest: Pick<KeyedDigest, 'ofJson'>,
): EarlierDigests {
  const earlier = endpoint.turns?.before(request.body);
  if (!earlier) return NO_EARLIER;
  const { said, bodies } = earlier;
  const digests = bodies.map((body) =>
    digest.ofJson(boundContent(callOf(endpoint, { ...request, body }, asked, 0))),
  );
  return { said, digests };
}
