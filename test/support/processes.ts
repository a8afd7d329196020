import { readdirSync, readFileSync } from 'node:fs';

/** Whether the process lives. One that has ended and that nobody has reaped does not. */
export function isRunning(pid: number): boolean {
  if (process.platform === 'linux') return !['Z', undefined].includes(statOf(String(pid))?.state);
  return isThere(pid);
}

/** The living processes of a group, as text for people. */
export function groupMembers(group: number): string[] {
  if (process.platform !== 'linux') return isThere(-group) ? [`process group ${group}`] : [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = statOf(pid);
      return stat === undefined || stat.group !== group || stat.state === 'Z' ? [] : [commandOf(pid)];
    });
}

/** As `ps` shows it: `T` is paused, `Z` has ended but is not reaped; undefined when there is no such process. */
function statOf(pid: string): { state: string | undefined; group: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // "pid (name) state ppid group …", and a name may hold spaces and brackets.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, group: Number(group) };
  } catch {
    return undefined;
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return pid;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
