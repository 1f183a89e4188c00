/** CXone Mpower's part of the connection form. */
import { checkField, type FormPart, numberField, textField } from '../../domain/form-field.ts';
import { mpowerSettingsSchema } from './settings.ts';

const { shape } = mpowerSettingsSchema;

export const mpowerForm: FormPart = {
  lead: 'Where agent states and figures are delivered.',
  blank: {
    kind: 'cxone-mpower',
    baseUrl: '',
    tenantName: '',
    accessKeyId: '',
    acdType: shape.acdType.parse(undefined),
    acdId: shape.acdId.parse(undefined),
    advanced: shape.advanced.parse({}),
  },
  groups: [
    {
      title: 'CXone Mpower WFM',
      isWide: true,
      lead: 'Where agent states and figures are delivered.',
      test: 'wfm',
      fields: [
        {
          name: 'wfm.baseUrl',
          label: 'Base URL',
          kind: 'url',
          list: 'areas',
          help: 'The address of your area, without a path: pick na1, na2, au1, eu1, uk1, jp1 or ca1 from the list, or type your own.',
          isRequired: true,
        },
        {
          name: 'wfm.tenantName',
          label: 'Tenant name',
          kind: 'text',
          help: 'Sent at sign-in; leave empty if NICE gave you none.',
        },
        { name: 'wfm.accessKeyId', label: 'Access key id', kind: 'text', isRequired: true },
        { name: 'secrets.accessKeySecret', label: 'Access key secret', kind: 'password', isRequired: true },
        { name: 'wfm.acdType', label: 'ACD type', kind: 'text', help: 'As registered with NICE for this source.' },
        {
          name: 'wfm.acdId',
          label: 'ACD id',
          kind: 'text',
          help: 'Names this tenant of the ACD in every record sent.',
        },
      ],
    },
  ],
  advanced: [
    textField('wfm.advanced.signInPath', 'Sign-in path', 'Where the access key is exchanged for a token.'),
    textField(
      'wfm.advanced.refreshPath',
      'Token refresh path',
      'Where a token is renewed. Where it fails, the access key is used again.',
    ),
    textField(
      'wfm.advanced.agentStatesPath',
      'Agent states path',
      'Where agent states are sent. With a wrong path they wait here, and nothing is lost.',
    ),
    textField('wfm.advanced.historicalPath', 'Historical path', 'Where queue figures and agent performance are sent.'),
    textField('wfm.advanced.agentActivityPath', 'Agent activity path', 'Where activities are sent.'),
    textField('wfm.advanced.reportVersion', 'Report version', 'Written into every report.'),
    numberField('wfm.advanced.eventsPerBodyMax', 'Most events a body', 'Larger batches of agent states are split.'),
    numberField('wfm.advanced.bodyBytesMax', 'Largest body (bytes)', 'Larger bodies are split.'),
    checkField(
      'wfm.advanced.flatSignInBody',
      'Flat sign-in body',
      'Sends the access key at the top of the body, without tenant name, as older tenants want it.',
    ),
    textField(
      'wfm.advanced.acdDetailsPath',
      'ACD details path',
      'Asked by the test of this group only: CXone then shows the ACD types that it knows. It may have a query (?a=b). Empty: not asked.',
    ),
    textField(
      'wfm.advanced.heartbeatPath',
      'Heartbeat path',
      'A POST each minute while NCC answers, so that CXone can tell that its source lives. It may have a query (?a=b). Empty: none.',
    ),
    textField(
      'wfm.advanced.heartbeatBody',
      'Heartbeat body',
      'JSON; {acdType}, {acdId} and {time} stand for the settings and the instant.',
    ),
  ],
};
