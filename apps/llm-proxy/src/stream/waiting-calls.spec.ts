// Calls of a stream that wait for a person: they leave together at the end, or not at all.
import { refuse } from '@behavry/pipeline';
import { MESSAGES } from '../dialects/anthropic/messages';
import { CONVERSATIONS } from '../../test/conversations';
import { runStream, type StreamSetting } from '../../test/run-stream';

const [, SPEECH] = CONVERSATIONS;
const stream = (...names: string[]): string =>
  SPEECH?.stream(['Hello.'], ...names.map((name) => ({ name, arguments: { city: 'Oslo' } }))) ?? '';
const run = (body: string, setting: StreamSetting = {}, cuts: readonly number[] = []) =>
  runStream(MESSAGES, Buffer.from(body), cuts, { hidesTokens: false, ...setting });

/** @returns a keeper, and what it was told */
function keeper() {
  const taken: Uint8Array[] = [];
  const kept: string[] = [];
  const take = (bytes: Uint8Array): void => {
    taken.push(bytes);
  };
  const keep = (): Promise<void> => {
    kept.push(Buffer.concat(taken).toString());
    return Promise.resolve();
  };
  return { keeper: { take, keep }, kept };
}

describe('calls of a stream', () => {
  it('leave together, when the last of them is decided', async () => {
    const body = stream('a', 'b');
    const decided: string[] = [];
    const { text, steps, end } = await run(body, {
      until: (so_far) => {
        decided.push(so_far.join(''));
        return Promise.resolve();
      },
    });
    expect(end).toEqual({ kind: 'complete' });
    expect(text).toBe(body);
    expect(decided).toHaveLength(2);
    for (const before of decided) expect(before).not.toContain('tool_use');
    expect(steps.join('')).toBe(body);
  });

  it.each([[['a', 'wait']], [['wait', 'a']], [['wait', 'wait']]])(
    'stay here while one of them waits, and the whole answer is kept: %s',
    async (names) => {
      const body = stream(...names);
      for (const cuts of [[], [100, 200, 300, 400, 500, 600]]) {
        const { keeper: own, kept } = keeper();
        const { text, end, judged } = await run(body, { waits: 'wait', keeper: own }, cuts);
        expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'escalation_pending' } });
        expect(text).toContain('Hello.');
        expect(text).not.toMatch(/tool_use|Oslo|message_stop/);
        expect(judged).toHaveLength(2);
        expect(kept).toEqual([body]);
      }
    },
  );

  it('are refused with the one that is denied, and nothing is kept', async () => {
    for (const names of [
      ['wait', 'no'],
      ['no', 'wait'],
    ]) {
      const { keeper: own, kept } = keeper();
      const { text, end } = await run(stream(...names), { waits: 'wait', denied: 'no', keeper: own });
      expect(end).toEqual({ kind: 'refused', refusal: refuse('policy_deny', 'no') });
      expect(text).not.toMatch(/tool_use|Oslo/);
      expect(kept).toEqual([]);
    }
  });

  it('of an answer that is cut off are not kept', async () => {
    const body = stream('wait');
    const { keeper: own, kept } = keeper();
    const { end, text } = await run(body.slice(0, body.indexOf('event: message_delta')), {
      waits: 'wait',
      keeper: own,
    });
    expect(end).toEqual({ kind: 'failed', fault: 'upstream_error' });
    expect(text).not.toContain('tool_use');
    expect(kept).toEqual([]);
  });

  it('count among what may wait', async () => {
    const { end } = await run(stream('a', 'b', 'c', 'd', 'e', 'f'), { maxHeldCharacters: 900 });
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'result_too_large' } });
  });
});
