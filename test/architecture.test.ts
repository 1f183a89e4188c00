import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['/src/**/*.ts', '/worker/**/*.{ts,tsx}'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Room → rooms it may import from, besides itself. The first that fits a path counts. */
const ALLOWED: readonly (readonly [room: string, from: readonly string[]])[] = [
  ['/src/domain/', []],
  ['/src/runtime.ts', []],
  ['/src/crypto/', ['/src/runtime.ts']],
  ['/src/http/', ['/src/runtime.ts', '/src/crypto/', '/src/domain/']],
  ['/src/acd/', ['/src/domain/', '/src/http/', '/src/runtime.ts', '/src/crypto/']],
  ['/src/wfm/', ['/src/domain/', '/src/http/', '/src/runtime.ts', '/src/crypto/']],
  ['/src/store/', ['/src/domain/', '/src/runtime.ts', '/src/wfm/wfm.ts']],
  ['/src/connection.ts', ['/src/domain/', '/src/http/', '/src/acd/', '/src/wfm/']],
  ['/src/jobs/', ['/src/']],
  ['/worker/', ['/src/', '/worker/', '/package.json']],
];

function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/from '(\.[^']+)'/g)].map(([, spec]) => new URL(spec ?? '', `file://${path}`).pathname);
}

const offendersOf = (pattern: RegExp, except: (path: string) => boolean) =>
  Object.entries(sources)
    .filter(([path, text]) => !except(path) && pattern.test(text))
    .map(([path]) => path);

it('imports point inwards only', () => {
  const violations: string[] = [];
  for (const [path, text] of Object.entries(sources)) {
    const rule = ALLOWED.find(([room]) => path.startsWith(room));
    if (!rule) {
      violations.push(`${path} is in no room`);
      continue;
    }
    const [room, from] = rule;
    for (const target of importsOf(path, text)) {
      if (![room, ...from].some((allowed) => target.startsWith(allowed))) violations.push(`${path} -> ${target}`);
    }
  }
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  expect(violations).toEqual([]);
});

it('an ACD and a WFM know only their own folder and their contract', () => {
  const violations = Object.entries(sources).flatMap(([path, text]) => {
    const own = /^\/src\/(?:acd|wfm)\/[^/]+\//.exec(path)?.[0];
    if (!own) return [];
    return importsOf(path, text)
      .filter((target) => /^\/src\/(?:acd|wfm)\//.test(target) && !target.startsWith(own))
      .filter((target) => !/^\/src\/(?:acd|wfm)\/(?!registry)[^/]+\.ts$/.test(target))
      .map((target) => `${path} -> ${target}`);
  });
  expect(violations).toEqual([]);
});

it('SQL lives in src/store only', () => {
  // d1-deadline.ts hands statements through, with a deadline; it has none of its own.
  const allowed = (path: string) => path.startsWith('/src/store/') || path === '/worker/d1-deadline.ts';
  expect(offendersOf(/\.prepare\(/, allowed)).toEqual([]);
});

it('the clock, chance and the network are touched in the wiring only', () => {
  const wired = (path: string) => ['/worker/wiring.ts', '/worker/collector.ts'].includes(path);
  expect(offendersOf(/\bDate\.now\(|\bMath\.random\(|\bsetTimeout\(|AbortSignal\.timeout\(/, wired)).toEqual([]);
  // access.ts is handed its fetch, under that name.
  expect(offendersOf(/(?<![.\w]|async )fetch\(/, (path) => wired(path) || path === '/worker/auth/access.ts')).toEqual(
    [],
  );
});

it("a vendor's words stay in that vendor's folder", () => {
  const nccWords = /sumHandleTime|enteredCount|agent-status|token-with-authorities/;
  expect(offendersOf(nccWords, (path) => path.startsWith('/src/acd/nextiva-ncc/'))).toEqual([]);
  const mpowerWords = /agentStateList|agentSystemPerformanceReport|accessKeyTokenRequest|eventUtcTime/;
  expect(offendersOf(mpowerWords, (path) => path.startsWith('/src/wfm/cxone-mpower/'))).toEqual([]);
});
