import { objectOf, parsedJson } from '@behavry/contracts';
import type { PolicyFault } from '@behavry/domain';
import type { OpaRun } from './opa-command';

/** A fault with the file that OPA named. */
export interface LocatedFault extends PolicyFault {
  readonly file: string;
}

const MAX_FAULTS = 50;

/**
 * Reads the faults that `opa parse`, `opa check` and `opa eval` print as JSON.
 * @returns none when the run succeeded; always at least one when it did not
 */
export function faultsOf(run: OpaRun): readonly LocatedFault[] {
  if (run.status === 0) return [];
  if (run.status === null) return [plain('check_timeout', 'the check took too long or printed too much')];
  const errors = objectOf(parsedJson(run.stderr) ?? parsedJson(run.stdout))['errors'];
  const faults = (Array.isArray(errors) ? errors : []).slice(0, MAX_FAULTS).map(toFault);
  return faults.length > 0 ? faults : [plain('check_failed', firstLine(run.stderr || run.stdout))];
}

/**
 * Reads the faults of `opa test --format json`.
 * @returns none when every test passed and there was at least one
 */
export function testFaultsOf(run: OpaRun): readonly LocatedFault[] {
  const results = parsedJson(run.stdout);
  if (run.status === null) return [plain('test_timeout', 'the tests took too long or printed too much')];
  if (!Array.isArray(results)) {
    return run.status === 0
      ? [plain('no_tests', 'no rule is called test_…')]
      : [plain('test_error', firstLine(run.stderr || run.stdout))];
  }
  if (results.length === 0) return [plain('no_tests', 'no rule is called test_…')];
  return results
    .map(objectOf)
    .filter((result) => result['fail'] === true || result['error'] !== undefined)
    .slice(0, MAX_FAULTS)
    .map((result) => ({
      ...place(result['location']),
      code: result['fail'] === true ? 'test_failed' : 'test_error',
      message: `${String(result['name'])} ${result['fail'] === true ? 'fails' : 'ends with an error'}`,
    }));
}

function toFault(error: unknown): LocatedFault {
  const { code, message, location } = objectOf(error);
  return {
    ...place(location),
    code: typeof code === 'string' ? code : 'check_failed',
    message: typeof message === 'string' ? explained(message) : 'the check failed',
  };
}

/** OPA's own words do not tell that it is the list of built-ins that has no such function. */
function explained(message: string): string {
  return message.startsWith('undefined function')
    ? `${message}: neither a function of the policies nor a built-in that policies may use (policies/built-ins.json)`
    : message;
}

function place(location: unknown): Pick<LocatedFault, 'file' | 'row' | 'col'> {
  const { file, row, col } = objectOf(location);
  return {
    file: typeof file === 'string' ? file : '',
    row: typeof row === 'number' ? row : 1,
    col: typeof col === 'number' ? col : 1,
  };
}

function plain(code: string, message: string): LocatedFault {
  return { code, message, file: '', row: 1, col: 1 };
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 300) || 'the opa command failed';
}
