import { describe, expect, it } from 'vitest';
import { composeReport } from '../../../src/wfm/cxone-mpower/reports.ts';
import type { QueueFigures } from '../../../src/wfm/wfm.ts';

const IDENTITY = { acdType: 'Generic_LiveVox', acdId: 'Tenant_Name', reportVersion: '0' };

/** JSON without the white space of the page that it was copied from; order and spelling of the fields stay. */
const compact = (text: string) => JSON.stringify(JSON.parse(text));

const NO_PARTY = { isOutbound: false, contactsReceived: 1, abandonedShort: 0, abandonedLong: 0, handledShort: 1 };

function queue(overrides: Partial<QueueFigures>): QueueFigures {
  return {
    queueValue: '',
    queueName: '',
    handledLong: 0,
    handleTimeMs: 276_000,
    workTimeMs: 3_000,
    queueDelayTimeMs: 0,
    holdTimeMs: 0,
    serviceLevelPct: 100,
    ...NO_PARTY,
    ...overrides,
  };
}

it('a queue that nobody has named goes by its key', () => {
  const window = { startMs: 0, endMs: 900_000 };
  const agentQueue = {
    agentValue: 'a1',
    employeeId: '',
    handled: 1,
    handleTimeMs: 1_000,
    workTimeMs: 0,
    holdTimeMs: 0,
  };
  const body = composeReport(
    {
      stream: 'historical',
      window,
      queues: [queue({ queueValue: 'sales' }), queue({ queueValue: 'care', queueName: 'Customer care' })],
      agentQueues: [{ ...agentQueue, queueValue: 'sales', queueName: ' ', isOutbound: false }],
      performance: [],
    },
    IDENTITY,
  );
  expect(JSON.parse(body)).toMatchObject({
    reportData: {
      queueReport: [{ queueName: 'sales' }, { queueName: 'Customer care' }],
      agentQueueReport: [{ queueName: 'sales' }],
    },
  });
});

describe('bodies, field by field as in the examples of NICE', () => {
  it('an agent state', () => {
    const example = `{
      "agentStateList": [
        {
          "loginId": "aa4rszz@mmm.com",
          "acdId": "Tenant_Name",
          "eventCode": "CallContact",
          "reasonCode": "",
          "eventUtcTime": "2023-10-01T07:59:09.860Z"
        }
      ]
    }`;
    const atMs = Date.parse('2023-10-01T07:59:09.860Z');
    const event = {
      loginId: 'aa4rszz@mmm.com',
      eventCode: 'CallContact',
      reasonCode: '',
      stateClass: 'contact' as const,
      atMs,
    };
    expect(composeReport({ stream: 'agent-states', events: [event] }, IDENTITY)).toBe(compact(example));
  });

  it('the history of a window; what NCC does not give is 0, and there are no figures of agents by queue', () => {
    const example = `{
      "acdType": "Generic_LiveVox",
      "reportVersion": "0",
      "startDate": "2024-04-17T10:00:12.000Z",
      "endDate": "2024-04-17T10:15:12.000Z",
      "status": "SUCCESS",
      "statusReason": "",
      "reportData": {
        "queueReport": [
          {
            "queueValue": "8057", "queueName": "ChatSkill_11", "isOutbound": false, "contactsReceived": 1,
            "abandonedShort": 0, "abandonedLong": 0, "handledShort": 1, "handledLong": 0,
            "handleTime": 276, "workTime": 3, "queueDelayTime": 0, "svcLvlPct": 100.0,
            "rightPartyHandleTime": 0, "rightPartyContacts": 0, "wrongPartyHandleTime": 0, "wrongPartyContacts": 0,
            "backlog": 0, "backlogNotExpired": 0, "backlogExpired": 0, "holdTime": 0, "active": 0
          },
          {
            "queueValue": "8056", "queueName": "EmailSkill", "isOutbound": false, "contactsReceived": 1,
            "abandonedShort": 0, "abandonedLong": 0, "handledShort": 1, "handledLong": 10,
            "handleTime": 276, "workTime": 3, "queueDelayTime": 0, "svcLvlPct": 100.0,
            "rightPartyHandleTime": 0, "rightPartyContacts": 0, "wrongPartyHandleTime": 0, "wrongPartyContacts": 0,
            "backlog": 0, "backlogNotExpired": 0, "backlogExpired": 0, "holdTime": 0, "active": 0
          }
        ],
        "agentQueueReport": [],
        "agentSystemPerformanceReport": [
          {
            "agentValue": "945987", "agentId": "11e9f619-855d-0dc7-80e6-005056a16bed",
            "readyTime": 0, "notReadyTime": 0, "loginTime": 900
          },
          {
            "agentValue": "945988", "agentId": "11e9f619-855e-0ec7-80e6-005089a16bed",
            "readyTime": 10, "notReadyTime": 9, "loginTime": 900
          }
        ]
      }
    }`;
    const startMs = Date.parse('2024-04-17T10:00:12.000Z');
    const performance = [
      {
        agentValue: '945987',
        loginId: '',
        employeeId: '11e9f619-855d-0dc7-80e6-005056a16bed',
        loginTimeMs: 900_000,
        readyTimeMs: 0,
        notReadyTimeMs: 0,
      },
      {
        agentValue: '945988',
        loginId: '',
        employeeId: '11e9f619-855e-0ec7-80e6-005089a16bed',
        loginTimeMs: 900_000,
        readyTimeMs: 10_000,
        notReadyTimeMs: 9_000,
      },
    ];
    const queues = [
      queue({ queueValue: '8057', queueName: 'ChatSkill_11' }),
      queue({ queueValue: '8056', queueName: 'EmailSkill', handledLong: 10 }),
    ];
    const window = { startMs, endMs: startMs + 900_000 };
    expect(composeReport({ stream: 'historical', window, queues, agentQueues: [], performance }, IDENTITY)).toBe(
      compact(example),
    );
  });

  it('the activities of a window', () => {
    const example = `{
      "acdType": "Generic_acdName",
      "reportVersion": "0",
      "startDate": "2024-01-15T16:45:00.000Z",
      "endDate": "2024-01-15T17:00:00.000Z",
      "reportData": [
        {
          "agentValue": "19837005",
          "agentId": "11eb0706-b268-988f-811b-005056a15ae6",
          "userName": "aa4rszz@mmm.com",
          "agentActivity": [
            { "state": "CallContact", "startTime": "2023-10-01T07:59:09.860Z", "duration": 139090, "reason": "" }
          ]
        }
      ]
    }`;
    const window = { startMs: Date.parse('2024-01-15T16:45:00Z'), endMs: Date.parse('2024-01-15T17:00:00Z') };
    const startMs = Date.parse('2023-10-01T07:59:09.860Z');
    const agent = {
      agentValue: '19837005',
      employeeId: '11eb0706-b268-988f-811b-005056a15ae6',
      loginId: 'aa4rszz@mmm.com',
      activities: [{ state: 'CallContact', reason: '', startMs, durationMs: 139_090 }],
    };
    const report = { stream: 'agent-activity', window, agents: [agent] } as const;
    expect(composeReport(report, { ...IDENTITY, acdType: 'Generic_acdName' })).toBe(compact(example));
  });
});

describe('a body', () => {
  it('carries fractions of a second to the millisecond', () => {
    const window = { startMs: 0, endMs: 900_000 };
    const queues = [queue({ handleTimeMs: 1_830_501, serviceLevelPct: 66.67 })];
    const body = composeReport({ stream: 'historical', window, queues, agentQueues: [], performance: [] }, IDENTITY);
    expect(body).toContain('"handleTime":1830.501,');
    expect(body).toContain('"svcLvlPct":66.67,');
    expect(body).toContain('"startDate":"1970-01-01T00:00:00.000Z","endDate":"1970-01-01T00:15:00.000Z"');
  });

  it.each([
    [[900_000, 450_500, 449_500], [900, 451, 449], 'two halves'],
    [[900_000, 900_000, 0], [900, 900, 0], 'a whole window'],
    [[100_499, 100_499, 0], [100, 100, 0], 'down'],
    [[100_500, 0, 100_500], [101, 0, 101], 'up'],
    [[400, 400, 0], [0, 0, 0], 'less than half a second'],
    [[600_400, 300_500, 200_000], [600, 301, 200], 'with time on contacts'],
    [[2_000.4, 1_500.6, 499.8], [2, 2, 0], 'fractions of a millisecond'],
  ])("carries an agent's times of %j ms as %j whole seconds: %s", (ms, [loginTime, readyTime, notReadyTime]) => {
    const [loginTimeMs = 0, readyTimeMs = 0, notReadyTimeMs = 0] = ms;
    const who = { agentValue: 'a', loginId: 'a', employeeId: '' };
    const performance = [{ ...who, loginTimeMs, readyTimeMs, notReadyTimeMs }];
    const agentQueues = [
      {
        ...{ ...who, queueValue: 'q', queueName: 'Q', isOutbound: false, handled: 1 },
        ...{ handleTimeMs: 1_499, workTimeMs: 1_500, holdTimeMs: 0 },
      },
    ];
    const window = { startMs: 0, endMs: 900_000 };
    const report = { stream: 'historical' as const, window, queues: [], agentQueues, performance };
    expect(JSON.parse(composeReport(report, IDENTITY))).toMatchObject({
      reportData: {
        agentQueueReport: [{ handledTime: 1, workTime: 2, holdTime: 0 }],
        agentSystemPerformanceReport: [{ loginTime, readyTime, notReadyTime }],
      },
    });
  });

  it('is the same bytes for the same report, and keeps any script and sign', () => {
    const events = [
      { loginId: 'ann', eventCode: 'Pause café "休憩" <b>', reasonCode: '', stateClass: 'contact' as const, atMs: 0 },
    ];
    const body = composeReport({ stream: 'agent-states', events }, IDENTITY);
    expect(composeReport({ stream: 'agent-states', events: structuredClone(events) }, IDENTITY)).toBe(body);
    expect(JSON.parse(body).agentStateList[0].eventCode).toBe('Pause café "休憩" <b>');
  });
});
