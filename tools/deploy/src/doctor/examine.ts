import { secretsOf, shownConfiguration, type KnownVariables } from './configuration';
import { loggedErrors } from './errors';
import { findings, samplesOf, type Examination, type Finding, type Health } from './findings';
import type { Patient, Visit } from './patient';
import { Scrubber } from './scrub';

const ASK_MS = 5_000;

/** What goes into the bundle, by path, and what is told first. */
export interface Report {
  readonly files: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
  /** How many processes were seen, and how many of them answer. */
  readonly seen: { readonly processes: number; readonly answering: number };
}

/**
 * Asks every process, reads what it logged and judges. Nothing is changed, and nothing that is a secret or a payload
 * goes into the report.
 * @throws Error when a known secret would stand in it after all
 */
export async function examine(visit: Visit, variables: KnownVariables, now: Date): Promise<Report> {
  const scrubber = new Scrubber([
    ...visit.secrets,
    ...visit.patients.flatMap(({ environment }) => (environment ? secretsOf(environment, variables) : [])),
  ]);
  const files = new Map<string, string>();
  const add = (path: string, content: unknown): void => {
    files.set(path, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  };
  const examined = await Promise.all(
    visit.patients.map(async (patient): Promise<Examination> => {
      const { health, metrics } = await ask(patient);
      const errors = loggedErrors(patient.log ?? '', scrubber);
      if (health) add(`health/${patient.name}.json`, scrubber.scrub(JSON.stringify(health, null, 2)));
      if (metrics !== undefined) add(`metrics/${patient.name}.txt`, scrubber.scrubKnown(metrics));
      if (errors.length > 0) add(`errors/${patient.name}.json`, errors);
      if (patient.environment)
        add(
          `configuration/${patient.name}.json`,
          scrubber.scrub(JSON.stringify(shownConfiguration(patient.environment, variables), null, 2)),
        );
      return {
        name: patient.name,
        app: patient.app,
        state: patient.state ?? null,
        isRunning: patient.isRunning ?? null,
        hasOpsPort: patient.opsUrl !== undefined,
        health: health ?? null,
        samples: samplesOf(metrics ?? ''),
        errors,
      };
    }),
  );
  for (const plane of visit.planes)
    add(
      `planes/${new URL(plane).host.replaceAll(':', '-')}.json`,
      scrubber.scrub(JSON.stringify({ url: plane, ready: await jsonOf(`${plane}/health/ready`) }, null, 2)),
    );
  const found = findings(examined, now.getTime() / 1000).map(({ where, what, todo }) => ({
    where,
    what: scrubber.scrub(what),
    todo,
  }));
  add('findings.json', found);
  add(
    'processes.json',
    examined.map(({ name, state, isRunning, health }) => ({
      name,
      state,
      isRunning,
      version: health?.version ?? null,
      mode: health?.mode ?? null,
      status: health?.status ?? null,
    })),
  );
  add('manifest.json', {
    made_at: now.toISOString(),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    unseen: visit.unseen,
    files: [...files.keys()].sort(),
  });
  for (const [path, content] of files)
    if (scrubber.holdsSecret(content)) throw new Error(`${path} would hold a secret; nothing was written`);
  return {
    files,
    findings: found,
    seen: { processes: examined.length, answering: examined.filter(({ health }) => health).length },
  };
}

async function ask({ opsUrl }: Patient): Promise<{ health?: Health; metrics?: string }> {
  if (opsUrl === undefined) return {};
  const [health, metrics] = await Promise.all([
    jsonOf(`${opsUrl}/health/ready`),
    textOf(`${opsUrl}/metrics`),
  ]);
  return {
    ...(health === undefined ? {} : { health: health as Health }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}

async function jsonOf(url: string): Promise<unknown> {
  const text = await textOf(url, true);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** @param isAnyStatus whether an answer that is no success counts too: of health it is the interesting one */
async function textOf(url: string, isAnyStatus = false): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
    return answer.ok || isAnyStatus ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}
