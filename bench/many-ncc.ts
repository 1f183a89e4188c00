// Many stand-ins of NCC in one process, each on a port of its own: a machine has no room for fifty processes of them.
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { startNcc } from '../simulators/ncc/start.ts';

const { count, agents } = z
  .object({ count: z.coerce.number().int().positive(), agents: z.coerce.number().int().positive() })
  .parse(parseArgs({ options: { count: { type: 'string' }, agents: { type: 'string' } } }).values);

const urls: string[] = [];
for (let i = 0; i < count; i += 1) {
  const { url } = await startNcc({ port: 0, agents, queues: 4, seed: i + 1, changeShare: 0.05 });
  urls.push(url);
}
console.log(`${count} stand-ins listen on ${urls.join(',')}`);
