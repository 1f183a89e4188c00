import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startLiveVox } from '../../simulators/livevox/start.ts';
import { startMpower } from '../../simulators/mpower/start.ts';
import { startNcc } from '../../simulators/ncc/start.ts';

const CLI = path.join(import.meta.dirname, '../../simulators/cli.ts');

let children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});

function run(...args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { child, ended, output: () => output };
}

async function listening(started: ReturnType<typeof run>): Promise<string> {
  await expect.poll(started.output, { timeout: 10_000 }).toMatch(/listening on http:\S+/);
  return /http:\S+/.exec(started.output())![0];
}

describe('the command line', () => {
  it.each([['ncc'], ['mpower'], ['livevox'], ['cms'], ['both'], ['compare'], ['misbehave']])(
    'explains %s',
    async (command) => {
      const help = run(command, '--help');
      expect(await help.ended).toBe(0);
      expect(help.output()).toContain(`npm run simulate -- ${command} [options]`);
    },
  );

  it('says which option is wrong and exits with 2', async () => {
    const [unknown, mistyped, impossible] = [
      run('ncc', '--agnets', '5'),
      run('ncc', '--agents', 'x'),
      run('ncc', '--time-zone', 'Mars'),
    ];
    expect(await Promise.all([unknown.ended, mistyped.ended, impossible.ended])).toEqual([2, 2, 2]);
    expect(unknown.output()).toContain('--agnets');
    expect(mistyped.output()).toContain('--agents takes a number');
    expect(impossible.output()).toContain('timeZone');
  });

  it('says which flag to set when the port is in use', async () => {
    const ncc = await startNcc({ port: 0 });
    const second = run('ncc', '--port', new URL(ncc.url).port);
    expect(await second.ended).toBe(2);
    expect(second.output()).toContain('--port');
    await ncc.close();
  });

  it('ends with its parent when told so, and by SIGTERM with 0', async () => {
    const orphan = run('mpower', '--port', '0', '--exit-with-parent');
    const asked = run('ncc', '--port', '0');
    await Promise.all([listening(orphan), listening(asked)]);
    orphan.child.stdin!.end();
    asked.child.kill('SIGTERM');
    expect(await Promise.all([orphan.ended, asked.ended])).toEqual([0, 0]);
  });

  it('makes a running stand-in misbehave and behave again', async () => {
    const ncc = await startNcc({ port: 0 });
    const told = run(
      'misbehave',
      '--url',
      ncc.url,
      '--fault',
      'status',
      '--status',
      '503',
      '--retry-after',
      '9',
      '--count',
      '5',
    );
    expect(await told.ended).toBe(0);
    const response = await fetch(`${ncc.url}/realTime`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '9']);
    expect(await run('misbehave', '--url', ncc.url, '--clear').ended).toBe(0);
    expect((await fetch(`${ncc.url}/realTime`)).status).toBe(401);
    await ncc.close();
  });

  it('does not call two empty records alike', async () => {
    const [ncc, mpower] = await Promise.all([startNcc({ port: 0 }), startMpower({ port: 0 })]);
    const compared = run('compare', '--ncc', ncc.url, '--mpower', mpower.url);
    expect(await compared.ended).toBe(2);
    expect(compared.output()).toContain('Nothing to judge');
    await Promise.all([ncc.close(), mpower.close()]);
  });

  it('compares NCC with Mpower and says so of every other stand-in', async () => {
    const [liveVox, mpower] = await Promise.all([startLiveVox({ port: 0 }), startMpower({ port: 0 })]);
    const compared = run('compare', '--ncc', liveVox.url, '--mpower', mpower.url);
    expect(await compared.ended).toBe(2);
    expect(compared.output()).toContain(`At ${liveVox.url} is the stand-in of LiveVox, not of NCC`);
    await Promise.all([liveVox.close(), mpower.close()]);
  });

  it('compares, and says which stand-in is not there', async () => {
    const absent = run('compare', '--ncc', 'http://127.0.0.1:1', '--mpower', 'http://127.0.0.1:1');
    expect(await absent.ended).toBe(2);
    expect(absent.output()).toContain('No stand-in answers at http://127.0.0.1:1');
  });
});
