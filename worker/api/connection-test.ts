/** Trying settings out before they are stored, or those that are. */
import * as z from 'zod';
import { connectionSettingsSchema } from '../../src/connection.ts';
import { TEST_GROUPS } from '../../src/domain/form-field.ts';
import type { TestCell } from '../../src/jobs/test-connection.ts';
import type { App } from '../app.ts';
import { storedSettings } from '../connection-settings.ts';
import { runConnectionTest, type TestInput } from '../connection-test.ts';
import { ProblemError } from '../respond.ts';
import { secretsSchema } from './connections.ts';
import { endpoint } from './endpoint.ts';
import { connectionParams, iso, requireConnection } from './shapes.ts';

const TAG = 'Connections';
const group = z.enum(TEST_GROUPS).describe('Which group to try out, each by itself.');

const result = z
  .strictObject({
    group,
    ok: z.boolean(),
    findings: z.array(z.strictObject({ tone: z.enum(['good', 'note', 'warn', 'bad']), text: z.string() })),
    table: z
      .strictObject({
        columns: z.array(z.string()),
        rows: z.array(z.array(z.union([z.string(), z.number()]))),
        total: z.int(),
      })
      .nullable()
      .describe("The answer's first rows as the bridge understands them."),
    body: z.string().nullable().describe('A body that would be sent, exactly.'),
    acdDetails: z.string().nullable().describe('What the WFM tells about its ACDs, where the settings ask for it.'),
  })
  .meta({ id: 'TestResult' });

async function tested(app: App, input: TestInput): Promise<z.input<typeof result>> {
  const answer = await runConnectionTest(app, input);
  if (answer.kind === 'tested') {
    const { findings, table, ...rest } = answer.result;
    return {
      ...rest,
      findings: [...findings],
      table: table && { ...table, columns: [...table.columns], rows: table.rows.map((row) => row.map(plainCell)) },
    };
  }
  const { errors } = answer;
  const detail = `Nothing was tried: ${errors.map(({ path, message }) => `${path}: ${message}`).join(' ')}`;
  throw new ProblemError(400, 'Invalid request', detail.slice(0, 1_000), { errors });
}

function plainCell(cell: TestCell): string | number {
  return typeof cell === 'object' ? iso(cell.atMs) : cell;
}

const DESCRIPTION =
  'Signs in, makes one real call, and shows what the bridge understands of it and what it would send. Nothing is stored and nothing is sent.';

export const testSettingsEndpoint = endpoint({
  tag: TAG,
  summary: 'Try settings out',
  description: DESCRIPTION,
  params: z.strictObject({}),
  body: z.strictObject({ ...connectionSettingsSchema.shape, secrets: secretsSchema.default({}), group }),
  answer: result,
  async handle({ app, body }) {
    const { secrets, group: wanted, ...settings } = body;
    return tested(app, { existing: null, settings, secrets, group: wanted });
  },
});

export const testConnectionEndpoint = endpoint({
  tag: TAG,
  summary: 'Try a connection out, as it is stored',
  description: DESCRIPTION,
  params: connectionParams,
  body: z.strictObject({ group }),
  answer: result,
  problems: { 409: 'The stored settings are not valid any more.' },
  async handle({ app, params, body }) {
    const existing = await requireConnection(app, params.connectionId);
    const settings = storedSettings(existing);
    if (!settings) throw new ProblemError(409, 'Settings not valid', 'Open the connection page and save it again.');
    return tested(app, { existing, settings, secrets: {}, group: body.group });
  },
});
