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

/** Ways to the clock, to timers and to chance that nobody has handed in. */
const UNHANDED_CLOCK =
  /\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(|\bperformance\.(?:now|timeOrigin)\b|\bset(?:Timeout|Interval|Immediate)\(|\bscheduler\.wait\b|AbortSignal\.timeout\(/;
const UNHANDED_CHANCE = /\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b|\bgenerateKey\b/;
/** What nobody may foresee, a test's seed included, is drawn where it is used; and why. */
const DRAWS_ITS_OWN: Readonly<Record<string, string>> = {
  '/src/crypto/seal.ts': 'an initialization vector that comes twice under one key reveals what was sealed',
  '/worker/auth/session.ts': 'the id of a session',
  '/worker/auth/token.ts': 'API tokens and signing secrets',
  '/worker/site.tsx': 'the id by which an error that somebody saw is found in the log',
};

it('the clock and the network are touched in the wiring only', () => {
  const wired = (path: string) => ['/worker/wiring.ts', '/worker/collector.ts'].includes(path);
  expect(offendersOf(UNHANDED_CLOCK, wired)).toEqual([]);
  // access.ts is handed its fetch, under that name.
  expect(offendersOf(/(?<![.\w]|async )fetch\(/, (path) => wired(path) || path === '/worker/auth/access.ts')).toEqual(
    [],
  );
});

it('chance comes from the wiring, but for what nobody may foresee', () => {
  const drawing = offendersOf(UNHANDED_CHANCE, (path) => path === '/worker/wiring.ts');
  expect(drawing.sort()).toEqual(Object.keys(DRAWS_ITS_OWN));
});

it.each([
  'Date.now()',
  'new Date()',
  'new Date( )',
  'Date()',
  'performance.now()',
  'setTimeout(f, 1)',
  'setInterval(f, 1)',
])('the list of ways to the clock knows %s', (text) => expect(text).toMatch(UNHANDED_CLOCK));

it("a vendor's words stay in that vendor's folder", () => {
  const nccWords = /sumHandleTime|enteredCount|agent-status|token-with-authorities/;
  expect(offendersOf(nccWords, (path) => path.startsWith('/src/acd/nextiva-ncc/'))).toEqual([]);
  const mpowerWords = /agentStateList|agentSystemPerformanceReport|accessKeyTokenRequest|eventUtcTime/;
  expect(offendersOf(mpowerWords, (path) => path.startsWith('/src/wfm/cxone-mpower/'))).toEqual([]);
});
