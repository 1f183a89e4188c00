/** The set-up: how far it has come, and ticks for what only a person can know. */
import * as z from 'zod';
import { plainText } from '../../src/domain/health.ts';
import { SETUP_STEPS, TICKED_STEPS } from '../../src/domain/setup.ts';
import { setTick } from '../../src/store/setup-ticks.ts';
import { notFound } from '../respond.ts';
import { readSetup } from '../setup-view.ts';
import { endpoint } from './endpoint.ts';
import { id, iso, isoText } from './shapes.ts';

const step = z
  .strictObject({
    step: z.enum(SETUP_STEPS),
    state: z.enum(['done', 'open', 'warn']),
    words: z.string(),
    tickedBy: z.string().nullable(),
    tickedAt: isoText.nullable(),
  })
  .meta({ id: 'SetupStep' });

export const readSetupEndpoint = endpoint({
  tag: 'Set-up',
  summary: 'The steps of the set-up, in order',
  params: z.strictObject({}),
  query: z.strictObject({ connection: id.optional().describe('Default: the first connection.') }),
  answer: z.strictObject({ connectionId: z.int().nullable(), steps: z.array(step) }),
  async handle({ app, query, nowMs }) {
    const view = await readSetup(app.db, query.connection ?? null, nowMs);
    if (!view) throw notFound(`There is no connection ${query.connection}.`);
    return {
      connectionId: view.connection?.facts.connectionId ?? null,
      steps: view.steps.map(({ step: name, state, words, tick }) => ({
        step: name,
        state,
        words: plainText(words),
        tickedBy: tick?.by ?? null,
        tickedAt: tick ? iso(tick.atMs) : null,
      })),
    };
  },
});

export const tickStepEndpoint = endpoint({
  tag: 'Set-up',
  summary: 'Tick a step, or take the tick back',
  params: z.strictObject({ step: z.enum(TICKED_STEPS) }),
  body: z.strictObject({ done: z.boolean() }),
  status: 204,
  answer: z.undefined(),
  async handle({ app, params, body, nowMs, identity }) {
    await setTick(app.db, { step: params.step, isDone: body.done, nowMs, by: identity.by });
    return undefined;
  },
});
