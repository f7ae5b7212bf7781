import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASPECTS, SDKS, type Endpoint, type ProviderId, type Sdk } from './matrix';

const FILE = 'docs/providers.md';
/** What stands before it is written by hand. */
const MARK = '<!-- From here on: npm run generate -->';
const TITLES: Readonly<Record<ProviderId, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  gemini: 'Gemini',
  ollama: 'Ollama',
};

/**
 * The page on providers, with the tables of what the matrix holds SDKs to.
 * @param root the workspace
 */
export function providersDocument(root: string): string {
  const page = readFileSync(join(root, FILE), 'utf8');
  const end = page.indexOf(MARK);
  if (end < 0) throw new Error(`${FILE} has lost its line '${MARK}'`);
  const versions = versionsOf(join(root, 'apps', 'e2e', 'sdks'));
  const tables = Object.entries(TITLES).map(([provider, title]) =>
    [
      `### ${title}`,
      '',
      `| endpoint | ${ASPECTS.join(' | ')} | SDKs |`,
      `|---|${ASPECTS.map(() => ':-:').join('|')}|---|`,
      ...rowsOf(
        SDKS.filter((sdk) => sdk.provider === provider),
        versions,
      ),
      '',
    ].join('\n'),
  );
  return [`${page.slice(0, end)}${MARK}`, '', ...tables].join('\n');
}

type Versions = (sdk: Sdk) => string;

/** A row for each endpoint, and another where other SDKs show other sides of it. */
function rowsOf(sdks: readonly Sdk[], versions: Versions): readonly string[] {
  const rows = new Map<string, string[]>();
  for (const sdk of sdks) {
    for (const { name, cases } of sdk.endpoints) {
      const row = `| ${name} | ${ASPECTS.map((aspect) => markOf(cases, aspect)).join(' | ')} |`;
      rows.set(row, [...(rows.get(row) ?? []), versions(sdk)]);
    }
  }
  return [...rows].map(([row, names]) => `${row} ${names.join(', ')} |`);
}

function markOf(cases: Endpoint['cases'], aspect: (typeof ASPECTS)[number]): string {
  return (cases[aspect] ?? []).length > 0 ? '✓' : '';
}

/** @param folder of the package with the SDKs, whose lists say which versions are tried */
function versionsOf(folder: string): Versions {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const required = readFileSync(join(folder, 'requirements.txt'), 'utf8');
  const named = (name: string): string => {
    const version = dependencies[name] ?? missing(name);
    const alias = /^npm:(.+)@([^@]+)$/.exec(version);
    return alias ? `${alias[1] ?? ''} ${alias[2] ?? ''}` : `${name} ${version}`;
  };
  return ({ dependency, language, below }) => {
    if (language === 'JavaScript')
      return named(dependency) + (below === undefined ? '' : ` below ${named(below)}`);
    const [, version] = new RegExp(`^${dependency}==(\\S+)$`, 'm').exec(required) ?? [];
    return `${dependency} ${version ?? missing(dependency)} (Python)`;
  };
}

function missing(name: string): never {
  throw new Error(`${name} is in no list of versions`);
}
