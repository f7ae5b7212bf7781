import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** Processes of one name, with all their descendants. */
export interface ProcessGroup {
  readonly name: string;
  readonly pids: readonly number[];
}

export interface Usage {
  /** User and system time since the processes began, in ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const PAGE_BYTES = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

/** Usage of a group now, summed over its process trees (Linux, `/proc`). Children that ended count for their parent. */
export function usageOf(group: ProcessGroup): Usage {
  const parents = parentsOfAll();
  const isOurs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
      if (group.pids.includes(at)) return true;
    }
    return false;
  };
  let cpuMs = 0;
  let rssBytes = 0;
  for (const pid of parents.keys()) {
    if (!isOurs(pid)) continue;
    const fields = statOf(pid);
    if (!fields) continue;
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    cpuMs += (ticks / TICKS_PER_SECOND) * 1000;
    rssBytes += Number(fields[21]) * PAGE_BYTES;
  }
  return { cpuMs, rssBytes };
}

function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(Number(name));
    if (fields) parents.set(Number(name), Number(fields[1]));
  }
  return parents;
}

/** @returns the fields of `/proc/<pid>/stat` after the command: state first, its parent second */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
