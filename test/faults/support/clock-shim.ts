// A library that shifts the wall clock of whatever is started with it, by an offset in a file that can be changed while it
// runs. The monotonic clock stays as it is, as when an administrator or a time server sets a machine's clock.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { NotHere } from '../scenario.ts';

const SOURCE = path.join(import.meta.dirname, 'clock-shim.c');
const PAGE_BYTES = 4_096;

export interface ClockShim {
  /** For the process whose clock is to be shifted. */
  readonly environment: Readonly<Record<string, string>>;
  set(offsetMs: number): void;
}

/** @throws NotHere where there is no C compiler */
export function buildClockShim(directory: string): ClockShim {
  mkdirSync(directory, { recursive: true });
  const library = path.join(directory, 'clock-shim.so');
  const built = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE], { encoding: 'utf8' });
  if (built.error) throw new NotHere('There is no C compiler (cc) here, which the shifted clock needs.');
  if (built.status !== 0) throw new Error(`The clock shim cannot be compiled:\n${built.stderr}`);
  const file = path.join(directory, 'offset');
  writeFileSync(file, Buffer.alloc(PAGE_BYTES));
  return {
    environment: { LD_PRELOAD: library, CLOCK_OFFSET_FILE: file },
    set(offsetMs) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(offsetMs) * 1_000_000n);
      // In place: the file is mapped by those who read it.
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, bytes, 0, 8, 0);
      closeSync(descriptor);
    },
  };
}
