// What each SDK says to its provider when nobody stands between them, as the tests of the proxy have it. With
// BEHAVRY_RECORD=true the recordings are made anew.
import { runDriver } from './sdks/driver';
import { hasPython, installJavaScript, installPython } from './sdks/install';
import { plainCasesOf, SDKS } from './sdks/matrix';
import { keyOf, readRecording, recordingOf, writeRecording } from './sdks/recordings';
import { startUpstream, type Upstream } from './sdks/upstream';

const WITH_PYTHON = hasPython() || process.env['CI'] === 'true';

let python = '';
let upstream: Upstream;

beforeAll(async () => {
  [, python] = await Promise.all([installJavaScript(), WITH_PYTHON ? installPython() : '']);
}, 600_000);
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.stop());

for (const sdk of SDKS) {
  const test = sdk.language !== 'Python' || WITH_PYTHON ? it : it.skip;
  test(`the recording of ${sdk.id} is what it says today`, async () => {
    const { url } = upstream;
    const options = { base: url, token: 'a-key-of-nobody', upstream: url, python };
    const cases = plainCasesOf(sdk);
    const results = await runDriver(sdk, cases, options);
    expect([...results].filter(([, { ok }]) => !ok)).toEqual([]);
    const recording = recordingOf(await upstream.exchanges());
    if (process.env['BEHAVRY_RECORD'] === 'true') writeRecording(sdk.id, recording);
    expect(recording.length).toBeGreaterThan(2);
    expect(recording.map(keyOf)).toEqual(readRecording(sdk.id).map(keyOf));
  });
}
