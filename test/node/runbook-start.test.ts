/** What docs/runbook.md quotes of an appliance that does not start is what the appliance says. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const runbook = readFileSync(path.join(root, 'docs/runbook.md'), 'utf8');
const [, section = ''] = /^### The appliance does not start\n([\s\S]*?)^###/m.exec(runbook) ?? [];
const said = [...section.matchAll(/^\| (?!it says|---)(.+?) \| .+ \|$/gm)].map(([, words = '']) => words);

const sources = readdirSync(path.join(root, 'appliance'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(path.join(root, 'appliance', file), 'utf8'));

/** The words of a row in one message: "…" stands for what the message fills in, and may hold its name in the source. */
function isSaid(words: string): boolean {
  const parts = words.split('…').map((part) => part.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(parts.join('[^\\n]{0,80}?').replaceAll(' ', '\\s'));
  return sources.some((text) => expression.test(text));
}

it('is found in the runbook', () => {
  expect(said.length).toBeGreaterThan(10);
});

it.each(said)('is said: %s', (words) => {
  expect(isSaid(words)).toBe(true);
});
