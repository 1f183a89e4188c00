// Ports are looked at before anything is started, so that a busy one is a sentence and not a crash.
import { createServer } from 'node:net';
import { StartRefused } from './start-refused.ts';

const LOOPBACK = '127.0.0.1';

export interface WantedPort {
  readonly port: number;
  /** What is to listen there, for example "The NCC stand-in". */
  readonly owner: string;
  /** The option that chooses another. */
  readonly option: string;
}

/** @throws StartRefused naming every port that cannot be had, and the option that changes it */
export async function refuseBusyPorts(wanted: readonly WantedPort[]): Promise<void> {
  const twice = wanted.filter(
    (one) => one.port !== 0 && wanted.some((other) => other !== one && other.port === one.port),
  );
  if (twice.length > 0) {
    throw new StartRefused(`${twice.map(({ option }) => option).join(' and ')} name the same port. Give each its own.`);
  }
  const busy: WantedPort[] = [];
  for (const one of wanted) if (!(await isFree(one.port))) busy.push(one);
  if (busy.length === 0) return;
  const sentences = busy.map(
    ({ port, owner, option }) => `${owner} cannot have port ${port}: it is in use. Choose another with ${option}.`,
  );
  throw new StartRefused(sentences.join(' '));
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, LOOPBACK, resolve);
    });
    return true;
  } catch {
    return false; // whatever the reason, it cannot be had
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
