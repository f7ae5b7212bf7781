import { parsedJson } from '@behavry/contracts';
import { ProblemError } from '@behavry/platform';
import type { OpaRunner } from './opa-command';

/** Parses many modules in one run; the syntax trees have no places and no annotations. */
const PARSE_ALL = '[rego.parse_module(sprintf("%d.rego", [i]), text) | some i, text in input]';

/**
 * OPA's syntax trees of modules that have compiled.
 * @param contents Rego texts; those with metadata, and a single one, are parsed with places and annotations
 */
export async function parseModules(opa: OpaRunner, contents: readonly string[]): Promise<readonly unknown[]> {
  const isOneByOne = (content: string): boolean => contents.length === 1 || content.includes('METADATA');
  const together = contents.filter((content) => !isOneByOne(content));
  const trees = together.length === 0 ? [] : await parseTogether(opa, together);
  const modules: unknown[] = [];
  let next = 0;
  for (const content of contents) {
    if (isOneByOne(content)) {
      modules.push(await parseOne(opa, content));
    } else {
      modules.push(trees[next]);
      next += 1;
    }
  }
  return modules;
}

async function parseOne(opa: OpaRunner, content: string): Promise<unknown> {
  const file = { path: 'policy.rego', content };
  const run = await opa.run(['parse', '--format', 'json', '--json-include', 'locations', file.path], [file]);
  return (run.status === 0 ? parsedJson(run.stdout) : undefined) ?? notParsed();
}

async function parseTogether(opa: OpaRunner, contents: readonly string[]): Promise<readonly unknown[]> {
  const args = ['eval', '--format', 'json', '--timeout', '15s', '--stdin-input', PARSE_ALL];
  const run = await opa.run(args, [], JSON.stringify(contents));
  const answer = parsedJson(run.stdout) as { result?: { expressions?: { value?: unknown }[] }[] } | undefined;
  const trees = answer?.result?.[0]?.expressions?.[0]?.value;
  return Array.isArray(trees) && trees.length === contents.length ? (trees as unknown[]) : notParsed();
}

function notParsed(): never {
  throw new ProblemError(
    'unavailable',
    'The policy could not be parsed in time; try again, or make it smaller.',
  );
}
