// Rotates the key and is killed when a step has come so often: node rotate-and-die.ts DIRECTORY STEP TIMES
import { rotateKey } from '../../../appliance/rotate-key.ts';

const [dataDirectory = '', deathAt = '', times = '1'] = process.argv.slice(2);
let left = Number(times);
await rotateKey({
  dataDirectory,
  environment: {},
  onStep(step) {
    if (step !== deathAt) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
