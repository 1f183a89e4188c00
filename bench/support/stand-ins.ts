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
  /** Changes served that Mpower has not accepted. */
  readonly missing: number;
}

/** How long the changes that NCC served in [fromMs, toMs) took to Mpower. */
export async function readDeliveries(standIns: StandIns, fromMs: number, toMs: number): Promise<Deliveries> {
  const range = `from=${Math.floor(fromMs)}&to=${Math.ceil(toMs)}`;
  const served = await readLines(`${standIns.nccUrl}/_truth/states?${range}`, servedSchema);
  const accepted = await readLines(`${standIns.mpowerUrl}/_truth/agent-states`, acceptedSchema);
  const waiting = new Map<string, number[]>();
  for (const { loginId, eventCode, arrivedMs } of accepted) {
    const key = `${loginId}\n${eventCode}`;
    waiting.set(key, [...(waiting.get(key) ?? []), arrivedMs]);
  }
  const delaysMs: number[] = [];
  for (const { username, state, answeredMs } of served) {
    const arrivals = waiting.get(`${username}\n${state}`) ?? [];
    // The two stand-ins note whole milliseconds: one of them may be a moment early.
    const index = arrivals.findIndex((arrivedMs) => arrivedMs >= answeredMs - 1);
    const [arrivedMs] = index < 0 ? [] : arrivals.splice(0, index + 1).slice(-1);
    if (arrivedMs !== undefined) delaysMs.push(Math.max(0, arrivedMs - answeredMs));
  }
  return { delaysMs, missing: served.length - delaysMs.length };
}

/** Reads one JSON object a line. */
export async function readLines<S extends z.ZodType>(url: string, schema: S): Promise<z.output<S>[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${new URL(url).pathname} was answered with ${response.status}.`);
  const lines = (await response.text()).split('\n');
  return lines.filter((line) => line !== '').map((line) => schema.parse(JSON.parse(line)));
}
