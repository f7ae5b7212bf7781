import { ConfigError, describeConfig, processEnvironment } from '../config/load-config';
import { createLogger, type Logger } from '../logging/logger';

/** What runs until it is asked to stop. */
export interface Running {
  stop(): Promise<void>;
  /** Rejects when it cannot go on. */
  readonly ended?: Promise<unknown>;
}

/** A program of a plane that is no service: it has no routes, no database and no Nest. */
export interface Program<Settings> {
  readonly name: string;
  /** Its variables. */
  readonly config: new () => { readonly logLevel: string };
  /** @throws ConfigError with every fault */
  load(environment: Readonly<Record<string, string | undefined>>): Settings;
  logLevelOf(settings: Settings): string;
  start(settings: Settings, log: Logger): Promise<Running>;
}

/**
 * Runs a program until SIGTERM or SIGINT, or prints what it can be told (`--describe-config`).
 * Ends the process: 0 when asked to stop, 1 when it could not start or go on, 2 for faults of the configuration.
 */
export async function runProgram<Settings>(program: Program<Settings>): Promise<void> {
  const { name } = program;
  if (process.argv.includes('--describe-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(name, program.config))}\n`);
    return;
  }
  try {
    const settings = program.load(processEnvironment());
    const log = createLogger(name, program.logLevelOf(settings), {});
    const running = await program.start(settings, log);
    endWithSignal(running, log);
    await running.ended;
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      process.exit(2);
    }
    createLogger(name, 'error', {}).fatal({ err: error }, 'could not start or go on');
    process.exit(1);
  }
}

function endWithSignal(running: Running, log: Logger): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      log.info({ signal }, 'stopping');
      void running.stop().then(() => process.exit(0));
    });
}
