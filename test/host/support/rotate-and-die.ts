// Rotates the key and is killed at a given step: node rotate-and-die.ts DIRECTORY STEP
import { rotateKey } from '../../../appliance/rotate-key.ts';

const [dataDirectory = '', deathAt = ''] = process.argv.slice(2);
await rotateKey({
  dataDirectory,
  environment: {},
  onStep(step) {
    if (step === deathAt) process.kill(process.pid, 'SIGKILL');
  },
});
