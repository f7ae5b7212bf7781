import type { Duplex } from 'node:stream';

const LINE_FEED = 0x0a;

/**
 * Reads the first line of a stream and leaves the rest in it, paused.
 * @returns the line without its end
 * @throws Error when the line is longer than `maxBytes`, or the stream ends or the time is over before its end
 */
export function readFirstLine(stream: Duplex, maxBytes: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => {
      clearTimeout(timer);
      stream.pause().off('data', read).off('error', fail).off('end', ended).off('close', ended);
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    const ended = (): void => fail(new Error('the connection ended before its first line'));
    const read = (chunk: Buffer): void => {
      const end = chunk.indexOf(LINE_FEED);
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      size += end < 0 ? chunk.length : end;
      if (size > maxBytes) fail(new Error('the first line is too long'));
      else if (end >= 0) {
        done();
        if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1));
        resolve(Buffer.concat(chunks).toString('utf8'));
      }
    };
    const timer = setTimeout(() => fail(new Error('the first line did not come in time')), timeoutMs);
    stream.on('data', read).on('error', fail).on('end', ended).on('close', ended).resume();
  });
}
