// What every driver is told, and how it tells what came of it: a line of JSON for each case.

const { MATRIX_SDK, MATRIX_PLANE, MATRIX_TOKEN, MATRIX_UPSTREAM, MATRIX_CASES = '' } = process.env;

/** Name of the SDK's row, also in the names of its models. */
export const SDK = MATRIX_SDK;
/** The provider's prefix on the plane. */
export const PLANE = MATRIX_PLANE;
export const TOKEN = MATRIX_TOKEN;
export const UPSTREAM = MATRIX_UPSTREAM;

const CASE_MS = 20_000;

/** Runs the cases that were asked for, one after the other. @param cases functions by name */
export async function run(cases) {
  for (const name of MATRIX_CASES.split(',')) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('it did not come to an end')), CASE_MS);
    });
    try {
      if (!cases[name]) throw new Error('this driver has no such case');
      await Promise.race([cases[name](), late]);
      say({ case: name, ok: true, detail: '' });
    } catch (error) {
      say({ case: name, ok: false, detail: String(error?.stack ?? error) });
    } finally {
      clearTimeout(timer);
    }
  }
  process.exit(0);
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
