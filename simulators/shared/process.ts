/**
 * How a stand-in lives as a process: it ends cleanly on SIGINT and SIGTERM and, when asked, with its parent.
 */

/** Closes and exits with 0 on a signal; with `withParent` also when standard input ends, which a parent's death does. */
export function exitCleanly(close: () => Promise<void>, withParent: boolean): void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('The stand-in did not close cleanly.', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  if (!withParent) return;
  process.stdin.on('end', end);
  process.stdin.on('close', end);
  process.stdin.on('error', end);
  process.stdin.resume();
}
