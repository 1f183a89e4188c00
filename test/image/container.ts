// Runs the built image with runc as an operator's engine would: its own process ids, mounts and user, a read-only root,
// /data from a directory, /tmp in memory, no privileges. The network is the machine's, so that tests stay on loopback.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';

const USER_ID = 10_001;

/** What the image says of how it is to be run (the OCI image configuration). */
export const imageConfigSchema = z.object({
  User: z.string(),
  Env: z.array(z.string()),
  Entrypoint: z.array(z.string()),
  Cmd: z.array(z.string()),
  WorkingDir: z.string(),
  StopSignal: z.string(),
  Volumes: z.record(z.string(), z.unknown()),
  ExposedPorts: z.record(z.string(), z.unknown()),
});
export type ImageConfig = z.infer<typeof imageConfigSchema>;

export interface ContainerOptions {
  readonly image: ImageConfig;
  /** Where the image's root file system is mounted. */
  readonly rootDirectory: string;
  /** A directory for runc's own files. */
  readonly scratch: string;
  readonly dataDirectory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of the image's own command. */
  readonly command?: readonly string[];
}

export class Container {
  readonly lines: string[] = [];
  readonly ended: Promise<number>;
  readonly #id: string;
  readonly #state: string;
  readonly #process: ChildProcess;

  constructor(options: ContainerOptions) {
    const { image, scratch } = options;
    this.#id = `bridge-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
    this.#state = path.join(scratch, 'runc');
    const bundle = path.join(scratch, this.#id);
    mkdirSync(bundle, { recursive: true });
    writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(specOf(options)));
    this.#process = spawn('runc', ['--root', this.#state, 'run', '--bundle', bundle, this.#id], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      if (output) createInterface({ input: output }).on('line', (line) => this.lines.push(line));
    }
    this.ended = new Promise((resolve) => this.#process.once('close', (code) => resolve(code ?? -1)));
    if (image.User !== `${USER_ID}:${USER_ID}`) throw new Error(`The image runs as ${image.User}.`);
  }

  /** Waits for a line of its log. @throws Error with the whole log, when it ends before */
  async saw(pattern: RegExp): Promise<string> {
    const deadlineMs = performance.now() + 60_000;
    for (;;) {
      const line = this.lines.find((one) => pattern.test(one));
      if (line !== undefined) return line;
      if (this.#process.exitCode !== null || performance.now() > deadlineMs) {
        throw new Error(`No line like ${pattern} in:\n${this.lines.join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Sends a signal to the first process, as `docker stop` and `docker kill` do. */
  signal(name: string): Promise<string> {
    return run('runc', ['--root', this.#state, 'kill', this.#id, name]);
  }

  /** Runs a command inside, as `docker exec` does. @throws Error with what it wrote, when it fails */
  exec(...command: string[]): Promise<string> {
    return run('runc', ['--root', this.#state, 'exec', this.#id, ...command]);
  }

  /** The machine's ids of all processes inside. */
  async processIds(): Promise<number[]> {
    const listed = await run('runc', ['--root', this.#state, 'ps', '--format', 'json', this.#id]);
    return z.array(z.number()).parse(JSON.parse(listed));
  }

  async remove(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    await this.signal('KILL').catch(() => undefined); // it has just ended by itself
    await this.ended;
  }
}

function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: 60_000 }, (error, stdout, stderr) =>
      error
        ? reject(new Error(`${file} ${args.at(-1)}: ${stdout}${stderr}`, { cause: error }))
        : resolve(stdout.trim()),
    );
  });
}

/** The OCI runtime configuration: what the image asks for and nothing more. */
function specOf({ image, rootDirectory, dataDirectory, environment = {}, command }: ContainerOptions) {
  chownSync(dataDirectory, USER_ID, USER_ID);
  const none: string[] = [];
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: USER_ID, gid: USER_ID },
      args: [...image.Entrypoint, ...(command ?? image.Cmd)],
      env: [...image.Env, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
      cwd: image.WorkingDir,
      capabilities: { bounding: none, effective: none, permitted: none, ambient: none },
      noNewPrivileges: true,
    },
    root: { path: rootDirectory, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=64m'] },
      { destination: '/data', type: 'bind', source: dataDirectory, options: ['rbind', 'rw'] },
    ],
    linux: { namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
}
