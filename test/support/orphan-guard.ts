import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Kills a process when this one is gone, even by SIGKILL, and removes a directory after it.
 *
 * A shell in its own session reads a pipe whose other end only this process holds: the pipe ends when this process
 * does. Returns what calls the guard off, to be used once the guarded process has ended (its id may then be another's).
 *
 * @param pid process id; negative for a process group
 */
export function killWhenOrphaned(pid: number, directory = ''): () => void {
  const guard = spawn(
    'sh',
    [
      '-c',
      'read -r _; kill -s KILL -- "$1" 2>/dev/null; if [ -n "$2" ]; then rm -rf -- "$2"; fi',
      'guard',
      String(pid),
      directory,
    ],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  );
  guard.on('error', () => undefined);
  guard.unref();
  // A pipe to a child is a socket; its declared type is only a Writable.
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return () => void guard.kill('SIGKILL');
}
