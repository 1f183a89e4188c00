// The engine's inspector (Chrome DevTools Protocol): heap of the Worker's isolate, and where its processor time goes.
import { createRequire } from 'node:module';
import path from 'node:path';
import * as z from 'zod';

/** Environment for a host whose engine is to open its inspector on a port of 127.0.0.1. */
export function inspectorEnvironment(port: number): Record<string, string> {
  const requireBesideMiniflare = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  const { default: binary } = z.object({ default: z.string() }).parse(requireBesideMiniflare('workerd'));
  return {
    MINIFLARE_WORKERD_PATH: path.join(import.meta.dirname, 'workerd-with-inspector.sh'),
    INSPECTED_WORKERD: binary,
    INSPECTOR_PORT: String(port),
  };
}

const targetsSchema = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.string() }));
const answerSchema = z.looseObject({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
const heapSchema = z.object({ usedSize: z.number(), totalSize: z.number() });
const frameSchema = z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() });
const profileSchema = z.object({
  profile: z.object({
    nodes: z.array(z.object({ id: z.number(), callFrame: frameSchema, children: z.array(z.number()).optional() })),
    startTime: z.number(),
    endTime: z.number(),
    samples: z.array(z.number()),
    timeDeltas: z.array(z.number()),
  }),
});
export type Profile = z.infer<typeof profileSchema>['profile'];

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { id, result, error } = answerSchema.parse(JSON.parse(String(data)));
      const waiting = id === undefined ? undefined : this.#waiting.get(id);
      if (id === undefined || !waiting) return;
      this.#waiting.delete(id);
      if (error === undefined) waiting.resolve(result);
      else waiting.reject(new Error(`The inspector refused: ${JSON.stringify(error)}`));
    });
  }

  /** Opens the inspector of the product's isolate. */
  static async open(port: number): Promise<Inspector> {
    const targets = targetsSchema.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).json());
    // The engine names its services "core:user:<name>" and the like; the product's is the user's.
    const target = targets.find(({ id }) => id.includes('core:user:'));
    if (!target) throw new Error(`No isolate of the Worker among ${targets.map(({ id }) => id).join(', ')}.`);
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error('The inspector refused the connection.')), {
        once: true,
      });
    });
    return new Inspector(socket);
  }

  /** Memory of the isolate's heap, bytes; after a collection of garbage when asked for. */
  async heap(collectGarbage: boolean): Promise<{ usedSize: number; totalSize: number }> {
    if (collectGarbage) await this.#call('HeapProfiler.collectGarbage');
    return heapSchema.parse(await this.#call('Runtime.getHeapUsage'));
  }

  async startProfile(): Promise<void> {
    await this.#call('Profiler.enable');
    await this.#call('Profiler.setSamplingInterval', { interval: 200 });
    await this.#call('Profiler.start');
  }

  async stopProfile(): Promise<Profile> {
    return profileSchema.parse(await this.#call('Profiler.stop')).profile;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    this.#sent += 1;
    const id = this.#sent;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
