import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm start` may be asked to run. */
export const RUN_MODES = ['standalone', 'pair', 'control-plane', 'data-plane'] as const;
export type RunMode = (typeof RUN_MODES)[number];

/** The command line of `npm start`. */
export interface RunOptions {
  readonly mode: RunMode;
  readonly port: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly isReset: boolean;
  readonly hasDemo: boolean;
  /** Processes of each app that may have more than one. */
  readonly replicas: number;
}

export const USAGE = `npm start -- [--mode standalone|pair|control-plane|data-plane] [--port N] [--data-dir DIR] [--reset] [--no-demo] [--replicas 1|2]

  --mode      what to run (standalone); pair is a control plane on N and a data plane on N + 100
  --port      the first port (8000)
  --data-dir  where state lives (.behavry)
  --reset     begin empty: everything kept in the data folder is removed
  --no-demo   no demo content
  --replicas  processes of each app that may have more than one (1)`;

/** Highest first port: the ports of the apps, upstreams and a second plane lie above it. */
const LAST_PORT = 65_000;

/**
 * Reads the command line.
 * @throws Error with what is wrong with it and how it is used
 */
export function parseOptions(args: readonly string[], root: string): RunOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        mode: { type: 'string', default: 'standalone' },
        port: { type: 'string', default: '8000' },
        'data-dir': { type: 'string', default: '.behavry' },
        reset: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        replicas: { type: 'string', default: '1' },
      },
    });
    return {
      mode: modeOf(values.mode),
      port: portOf(values.port),
      dataDir: resolve(root, values['data-dir']),
      isReset: values.reset,
      hasDemo: !values['no-demo'],
      replicas: replicasOf(values.replicas),
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, {
      cause: error,
    });
  }
}

function modeOf(text: string): RunMode {
  const mode = RUN_MODES.find((known) => known === text);
  if (!mode) throw new Error(`--mode ${text} is not one of ${RUN_MODES.join(', ')}`);
  return mode;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/u.test(text) || port < 1 || port > LAST_PORT) {
    throw new Error(`--port ${text} is not a number from 1 to ${LAST_PORT}`);
  }
  return port;
}

function replicasOf(text: string): number {
  if (text !== '1' && text !== '2') throw new Error(`--replicas ${text} is not 1 or 2`);
  return Number(text);
}
