/** What a service's command line may say; everything else comes from the environment. */
export interface ServiceArguments {
  readonly openApiFile: string | undefined;
  readonly isMigration: boolean;
  readonly awaitsMigration: boolean;
  readonly describesConfig: boolean;
}

/**
 * @param argv arguments after the script
 * @throws Error that names an argument that is not known
 */
export function parseArguments(argv: readonly string[]): ServiceArguments {
  let openApiFile: string | undefined;
  let isMigration = false;
  let awaitsMigration = false;
  let describesConfig = false;
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index];
    if (argument === '--migrate') isMigration = true;
    else if (argument === '--await-migration') awaitsMigration = true;
    else if (argument === '--describe-config') describesConfig = true;
    else if (argument === '--openapi' && argv[index + 1] !== undefined) openApiFile = argv[(index += 1)];
    else
      throw new Error(
        `unknown argument ${String(argument)}; known: --openapi FILE, --migrate, --await-migration, --describe-config`,
      );
  }
  return { openApiFile, isMigration, awaitsMigration, describesConfig };
}
