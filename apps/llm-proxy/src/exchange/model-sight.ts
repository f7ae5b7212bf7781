import { isObject, MODEL_SETTINGS_DEFAULTS, type KillSwitch, type ModelSettings } from '@behavry/contracts';
import { killSwitchFor, ModelRules } from '@behavry/domain';
import type { ConfigView } from '@behavry/pipeline';
import type { Endpoint, ProviderId } from '../dialects/dialect';

/** What decides which models an agent sees: plain data, which a thread can be told too. */
export interface ModelSight {
  readonly provider: ProviderId;
  readonly models: ModelSettings['models'];
  readonly killSwitches: readonly KillSwitch[];
}

/** @returns what a list of models is held against; undefined where an endpoint lists none */
export function sightOf(
  { document, models }: ConfigView,
  provider: ProviderId,
  { list }: Endpoint,
): ModelSight | undefined {
  if (!list) return undefined;
  const killSwitches = document.kill_switches.filter(({ scope }) => scope === 'model');
  return { provider, models: models.models, killSwitches };
}

/**
 * Takes the models out of a list, in place, that the agent could not use anyway.
 * @returns whether there were any
 */
export function hideModels({ list }: Endpoint, value: unknown, sight: ModelSight | undefined): boolean {
  const listed = list && isObject(value) ? value[list.member] : undefined;
  if (!list || !sight || !isObject(value) || !Array.isArray(listed)) return false;
  const { provider, models, killSwitches } = sight;
  const rules = new ModelRules({ ...MODEL_SETTINGS_DEFAULTS, models });
  const isSeen = (model: unknown): boolean =>
    typeof model !== 'string' ||
    (rules.verdictOn(provider, model) === 'allowed' && !isKilled(killSwitches, model, list.prefix));
  const seen = (listed as unknown[]).filter(
    (item) => !isObject(item) || list.names.every((name) => isSeen(item[name])),
  );
  if (seen.length === listed.length) return false;
  value[list.member] = seen;
  return true;
}

function isKilled(switches: readonly KillSwitch[], listed: string, prefix = ''): boolean {
  const model = listed.startsWith(prefix) ? listed.slice(prefix.length) : listed;
  const target = { tenantId: '', agentId: '', serverId: '', toolName: '', model };
  return killSwitchFor(switches, target) !== undefined;
}
