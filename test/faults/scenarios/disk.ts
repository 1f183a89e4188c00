// The disk full, in a small file system of its own: nothing is called stored that is not, it is said, and when there is
// room again everything goes on by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../host/support/stage.ts';
import { NotHere, type Scenario } from '../scenario.ts';
import { withRig } from '../support/rig.ts';

const DISK_MB = 64;
/** Long enough for the host to replace an engine whose loops cannot store a thing. */
const FULL_FOR_MS = 130_000;
const SAID_WITHIN_MS = 70_000;
const MENDED_WITHIN_MS = 120_000;
const LOGIN_IDS = /wait(?:s)? for an ACD Login ID/;

/** Writes until not one more byte can be had; the file's name. */
function fill(directory: string): string {
  const file = path.join(directory, 'filler');
  const descriptor = openSync(file, 'w');
  try {
    for (let size = 1_048_576; size >= 1; size = Math.floor(size / 2)) {
      const bytes = Buffer.alloc(size);
      try {
        for (;;) if (writeSync(descriptor, bytes) < size) break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return file;
}

async function fullDisk(): Promise<string> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'bridge-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'bridge-test', directory]);
  if (mounted.status !== 0) {
    rmSync(directory, { recursive: true });
    throw new NotHere('A small file system cannot be mounted here: it needs root.');
  }
  let told = '';
  try {
    await withRig({ dataDirectory: path.join(directory, 'data') }, async (rig) => {
      const cookie = await rig.signIn();
      const filledMs = Date.now();
      const filler = fill(directory);
      let said = { status: 0, text: '' };
      await eventually(
        'it is said that the disk is full',
        async () => {
          said = await rig.healthz(5_000);
          return said.status === 503;
        },
        SAID_WITHIN_MS,
      );
      const saidMs = Date.now() - filledMs;
      assert.match(said.text, /stalled|cannot use its database/, 'It is said in words.');
      assert.match(await rig.overviewAs(cookie), /stalled|cannot use its database/, 'The Overview says it, too.');
      await sleep(Math.max(0, filledMs + FULL_FOR_MS - Date.now()));
      rmSync(filler);
      const roomMs = Date.now();
      await eventually(
        'states are stored again',
        async () => {
          const status = await rig.status().catch(() => undefined);
          return Date.parse(status?.lastPollAt ?? '') > roomMs;
        },
        MENDED_WITHIN_MS,
      );
      const mendedMs = Date.now() - roomMs;
      await rig.healthy(90_000, LOGIN_IDS);
      // Answers that could not be stored, and states that came and went while nothing could be.
      await rig.judge({ between: [{ fromMs: filledMs - 4_000, toMs: roomMs + mendedMs + 1_000 }] });
      told = `full for ${Math.round((roomMs - filledMs) / 1_000)} s: /healthz says so after ${Math.round(saidMs / 1_000)} s; stored again ${Math.round(mendedMs / 1_000)} s after there was room`;
    });
  } finally {
    spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  }
  return told;
}

export const diskScenarios: readonly Scenario[] = [
  {
    key: 'full-disk',
    name: 'says that it cannot store when the disk is full, and goes on by itself when there is room',
    limitMs: () => 400_000,
    run: fullDisk,
  },
];
