import { isObject } from '@behavry/contracts';
import type { HostedTool } from '../dialect';
import { isAbsent, isPlainName, namespaced } from '../reading';
import type { References } from '../references';

/** What a request asks for, as it is read. */
export interface Asked {
  readonly names: string[];
  readonly hosted: HostedTool[];
  readonly references: References;
}

/**
 * Only these are the agent's own. Others come back as calls too, as `shell` may, but OpenAI says what they do: they are
 * decided with the request, and their calls once more.
 */
const OWN = new Set<unknown>(['function', 'custom']);

/** @returns false for what is no list of tools */
export function readTools(tools: unknown, asked: Asked): boolean {
  if (isAbsent(tools)) return true;
  return Array.isArray(tools) && (tools as unknown[]).every((tool) => readTool(tool, asked));
}

function readTool(tool: unknown, asked: Asked): boolean {
  if (!isObject(tool) || !isPlainName(tool['type'])) return false;
  const { type } = tool;
  if (OWN.has(type)) return readName(tool['name'], asked);
  if (type === 'namespace') return readNamespace(tool, asked);
  asked.hosted.push({ type, settings: tool });
  return readSettings(tool, asked.references);
}

function readNamespace({ name, tools }: Readonly<Record<string, unknown>>, asked: Asked): boolean {
  if (!isPlainName(name) || !Array.isArray(tools)) return false;
  return (tools as unknown[]).every(
    (tool) => isObject(tool) && OWN.has(tool['type']) && readName(namespaced(name, tool['name']), asked),
  );
}

function readName(name: unknown, { names }: Asked): boolean {
  if (!isPlainName(name)) return false;
  names.push(name);
  return true;
}

/** Files, stores and containers that a tool is given, whichever it is. */
function readSettings(
  {
    vector_store_ids: stores,
    container,
    environment,
    input_image_mask: mask,
  }: Readonly<Record<string, unknown>>,
  references: References,
): boolean {
  if (!references.addEach('vector_store', stores)) return false;
  if (
    typeof container === 'string' ? !references.add('container', container) : !readBox(container, references)
  )
    return false;
  return readBox(environment, references) && readBox(mask, references);
}

/** An object that says where a tool works, or on what. */
function readBox(box: unknown, references: References): boolean {
  if (isAbsent(box)) return true;
  if (!isObject(box)) return false;
  const { container_id: container, file_ids: files, file_id: file, skills } = box;
  return (
    references.addAny('container', container) &&
    references.addEach('file', files) &&
    references.addAny('file', file) &&
    readSkills(skills, references)
  );
}

function readSkills(skills: unknown, references: References): boolean {
  if (isAbsent(skills)) return true;
  if (!Array.isArray(skills)) return false;
  return (skills as unknown[]).every(
    (skill) => isObject(skill) && references.addAny('skill', skill['skill_id']),
  );
}
