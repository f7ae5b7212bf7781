import type { Severity } from '@behavry/contracts';
import type { ValidatorName } from './validators';

/** One thing to look for in texts, in RE2 syntax. */
export interface DlpPattern {
  readonly id: string;
  readonly name: string;
  /** RE2 syntax, without anchors: patterns look inside texts. */
  readonly pattern: string;
  readonly severity: Severity;
  readonly tags: readonly string[];
  /** A second look at the matched text; undefined accepts every match. */
  readonly validator?: ValidatorName;
}
