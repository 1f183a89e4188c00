// The two stand-ins of one measurement, as processes, and what they recorded.
import * as z from 'zod';
import type { Stage } from '../../test/host/support/stage.ts';

/** What the stand-in of NCC is to model. */
export interface Traffic {
  readonly agents: number;
  /** Share of the agents that change with each poll; 0: every answer is the same, byte for byte. */
  readonly changeShare: number;
  readonly periodS: number;
  readonly queues?: number;
}

export interface StandIns {
  readonly nccUrl: string;
  readonly mpowerUrl: string;
  /** Ends both. */
  end(): Promise<void>;
}

export async function startStandIns(stage: Stage, traffic: Omit<Traffic, 'periodS'>): Promise<StandIns> {
  const { agents, changeShare, queues = 8 } = traffic;
  const change = changeShare === 0 ? ['--frozen'] : ['--change-share', String(changeShare)];
  const ncc = await stage.startStandIn('ncc', ['--agents', String(agents), '--queues', String(queues), ...change]);
  const mpower = await stage.startStandIn('mpower');
  return {
    nccUrl: ncc.url,
    mpowerUrl: mpower.url,
    async end() {
      await Promise.all([ncc.end(), mpower.end()]);
    },
  };
}

const pollSchema = z.object({
  path: z.string(),
  arrivalMs: z.number(),
  answeredMs: z.number().nullable(),
  outcome: z.string(),
  bytesOut: z.number(),
});
export type Poll = z.infer<typeof pollSchema>;

/** The requests for agent states that reached NCC since an instant, in order. */
export async function readPolls(nccUrl: string, sinceMs = 0): Promise<Poll[]> {
  const requests = await readLines(`${nccUrl}/_truth/requests?since=${Math.floor(sinceMs)}`, pollSchema);
  return requests.filter(({ path, arrivalMs }) => path.endsWith('/realTime') && arrivalMs >= sinceMs);
}

const servedSchema = z.object({ username: z.string(), state: z.string(), answeredMs: z.number() });
const acceptedSchema = z.object({ loginId: z.string(), eventCode: z.string(), arrivedMs: z.number() });

export interface Deliveries {
  /** From NCC's answer, handed over, to Mpower's acceptance, of each change that NCC served in the range. */
  readonly delaysMs: number[];
  /** Changes served that Mpower has not accepted, of agents that can be placed. */
  readonly missing: number;
}

/**
 * How long the changes that NCC served in [fromMs, toMs) took to Mpower. An agent's first change served is the first
 * accepted, and so on: both sides keep an agent's order, and no clock has to tell which belongs to which.
 */
export async function readDeliveries(standIns: StandIns, fromMs: number, toMs: number): Promise<Deliveries> {
  const served = Map.groupBy(
    await readLines(`${standIns.nccUrl}/_truth/states`, servedSchema),
    ({ username }) => username,
  );
  const accepted = Map.groupBy(
    await readLines(`${standIns.mpowerUrl}/_truth/agent-states`, acceptedSchema),
    ({ loginId }) => loginId,
  );
  const delaysMs: number[] = [];
  let missing = 0;
  for (const [username, changes] of served) {
    const arrivals = accepted.get(username) ?? [];
    for (const [i, { state, answeredMs }] of changes.entries()) {
      if (answeredMs < fromMs || answeredMs >= toMs) continue;
      const arrival = arrivals[i];
      // The stand-in of NCC notes when its answer has left a moment after it did: a quick reader can be before that.
      if (arrival?.eventCode === state) delaysMs.push(Math.max(0, arrival.arrivedMs - answeredMs));
      else missing += 1;
    }
  }
  return { delaysMs, missing };
}

/** Reads one JSON object a line. */
export async function readLines<S extends z.ZodType>(url: string, schema: S): Promise<z.output<S>[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${new URL(url).pathname} was answered with ${response.status}.`);
  const lines = (await response.text()).split('\n');
  return lines.filter((line) => line !== '').map((line) => schema.parse(JSON.parse(line)));
}
