import { describeWithNginx, edgeContract } from '@behavry/testing';
import { startEdge } from './running-edge';

describeWithNginx('the edge of containers', () => {
  // The same promises as the local edge keeps (tools/runner/test/edge.int-spec.ts). nginx differs in three things: it
  // cannot drop headers by names that come with a request, so it refuses; it takes LF for CRLF between chunks, which it
  // frames anew; it sends no more of a request once the answer has begun, and our apps begin none before they have read
  // the request, but to refuse it.
  describe.each(['compose', 'kubernetes'] as const)('for %s', (target) => {
    edgeContract({
      open: (mode, portOf) =>
        startEdge({
          mode,
          target,
          api: 'included',
          place: { addressOf: (app) => `127.0.0.1:${portOf(app)}`, stalledMs: 1_000 },
        }),
      nominated: 'refused',
      bareLineFeed: 'framed anew',
      isFullDuplex: false,
    });
  });
});
