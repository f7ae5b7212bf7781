import 'reflect-metadata';

/** What the configuration reference says about one variable. */
export interface VariableInfo {
  readonly name: string;
  readonly property: string;
  readonly description: string;
  readonly sensitive: boolean;
  readonly type: 'text' | 'number' | 'boolean' | 'list';
}

export interface EnvOptions {
  readonly description: string;
  /** Masked in messages; never logged. */
  readonly sensitive?: boolean;
}

/** What programs call the way out of a network, everywhere. */
type ProxyVariable = 'HTTPS_PROXY' | 'NO_PROXY';

const VARIABLES = Symbol('behavry:variables');

/**
 * Binds a field of a configuration class to an environment variable. The field's declared type decides
 * how the text is read: Number, Boolean (`true` / `false`), String, or an array (comma-separated).
 */
export function Env(name: `BEHAVRY_${string}` | ProxyVariable, options: EnvOptions): PropertyDecorator {
  return (target, property) => {
    const declared: unknown = Reflect.getMetadata('design:type', target, property);
    const type =
      declared === Number
        ? 'number'
        : declared === Boolean
          ? 'boolean'
          : declared === Array
            ? 'list'
            : 'text';
    const own: VariableInfo[] = [...variablesOf(target)];
    own.push({
      name,
      property: String(property),
      description: options.description,
      sensitive: options.sensitive ?? false,
      type,
    });
    Reflect.defineMetadata(VARIABLES, own, target);
  };
}

/** @returns the variables of a configuration class (its prototype), those of its base first */
export function variablesOf(prototype: object): readonly VariableInfo[] {
  return (Reflect.getMetadata(VARIABLES, prototype) as VariableInfo[] | undefined) ?? [];
}
