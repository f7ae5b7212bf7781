import { join } from 'node:path';
import { checked, runCommand, type Engine } from '../engine/engine';

export type SplitPlane = 'control-plane' | 'data-plane';

/** A plane as the scripts of `docker/scripts` are told of it. */
export interface ScriptedPlane {
  readonly plane: SplitPlane;
  readonly project: string;
  readonly envFile: string;
  readonly profiles: readonly string[];
}

/** Runs the scripts of `docker/scripts` as an operator does. */
export class OperatorScripts {
  constructor(
    private readonly engine: Engine,
    private readonly root: string,
  ) {}

  /** @throws EngineError with the end of the output unless it ends with 0 */
  async run(on: ScriptedPlane, script: string, args: readonly string[], input?: string): Promise<string> {
    const command = ['bash', join(this.root, 'docker/scripts', `${script}.sh`), on.plane, ...args];
    const ended = await runCommand(command, {
      env: {
        BEHAVRY_COMPOSE: this.engine.compose.join(' '),
        BEHAVRY_ENV_FILE: on.envFile,
        COMPOSE_PROJECT_NAME: on.project,
        COMPOSE_PROFILES: on.profiles.join(','),
      },
      ...(input === undefined ? {} : { input }),
      timeoutMs: 300_000,
    });
    return checked([script, on.plane, ...args], ended);
  }
}
