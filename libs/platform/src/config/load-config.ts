import { readFileSync } from 'node:fs';
import { validateSync } from 'class-validator';
import { variablesOf, type VariableInfo } from './env';

/** Every fault of a configuration at once, one line each. */
export class ConfigError extends Error {
  /** @param faults sentences that name the variable and what is wrong with it */
  constructor(readonly faults: readonly string[]) {
    super(`configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/** @returns the process environment; the one place that reads it */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/**
 * Reads and validates a configuration class from an environment; every text variable also from the file that
 * `<NAME>_FILE` names, without the blanks and line ends after it.
 * @throws ConfigError that lists all faults; values of sensitive variables are never repeated
 */
export function loadConfig<C extends object>(
  type: new () => C,
  environment: Readonly<Record<string, string | undefined>>,
): C {
  const config = new type();
  const variables = variablesOf(type.prototype as object);
  const faults: string[] = [];
  const unreadable = new Set<string>();
  for (const variable of variables) {
    const text = textOf(variable, environment, faults, unreadable);
    if (text === undefined || text === '') continue;
    const value = readValue(variable, text);
    if (value === undefined) {
      faults.push(`${variable.name} must be ${variable.type === 'number' ? 'a number' : 'true or false'}`);
      unreadable.add(variable.property);
    } else {
      Object.assign(config, { [variable.property]: value });
    }
  }
  for (const fault of validateSync(config, { skipMissingProperties: false })) {
    if (unreadable.has(fault.property)) continue;
    const variable = variables.find(({ property }) => property === fault.property);
    const said = Object.values(fault.constraints ?? {}).map((text) => text.replace(`${fault.property} `, ''));
    const name = variable?.name ?? '';
    const missing =
      environment[name] === undefined && environment[`${name}_FILE`] === undefined ? ' (not set)' : '';
    faults.push(`${variable?.name ?? fault.property} ${said.join(', ')}${missing}`);
  }
  if (hasFaults(config)) faults.push(...config.faults());
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** A class may say what is wrong between its fields, or within one. */
function hasFaults(config: object): config is { faults(): readonly string[] } {
  return 'faults' in config && typeof config.faults === 'function';
}

/** @returns what the configuration reference says about a program (`--describe-config`) */
export function describeConfig(app: string, type: new () => object): object {
  const defaults = new type() as Readonly<Record<string, unknown>>;
  const variables = variablesOf(type.prototype as object).map((variable) => ({
    ...variable,
    default: variable.sensitive ? undefined : defaults[variable.property],
  }));
  return { app, variables };
}

/** A text can be given by the name of a file that holds it: what must be secret then stands in no environment. */
function textOf(
  { name, property, type }: VariableInfo,
  environment: Readonly<Record<string, string | undefined>>,
  faults: string[],
  unreadable: Set<string>,
): string | undefined {
  const text = environment[name];
  const file = type === 'text' ? environment[`${name}_FILE`] : undefined;
  if (!file) return text;
  try {
    if (text) faults.push(`${name} and ${name}_FILE cannot both be set`);
    else {
      const read = readFileSync(file, 'utf8').trimEnd();
      if (read !== '') return read;
      // Whoever names a file means a value: without it the default might be another store, or no password.
      faults.push(`${name}_FILE names ${file}, which is empty`);
    }
  } catch (error) {
    faults.push(
      `${name}_FILE names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  unreadable.add(property);
  return undefined;
}

function readValue(variable: VariableInfo, text: string): string | number | boolean | string[] | undefined {
  switch (variable.type) {
    case 'text':
      return text;
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
  }
}
