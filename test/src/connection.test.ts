import { describe, expect, it } from 'vitest';
import { checkAddresses, connectionSecretNames, connectionSettingsSchema } from '../../src/connection.ts';

function settings(overrides: { name?: string; timeZone?: string; ncc?: string; mpower?: string } = {}) {
  const { ncc = 'https://acme.thrio.io/wfm', mpower = 'https://na1.nice-incontact.com' } = overrides;
  const group = { baseUrl: ncc, username: 'wfm@acme.com' };
  return {
    name: overrides.name ?? 'Acme',
    timeZone: overrides.timeZone ?? 'America/Chicago',
    acd: { kind: 'nextiva-ncc', realTime: group, historical: { ...group, baseUrl: 'https://acme.thrio.io' } },
    wfm: { kind: 'cxone-mpower', baseUrl: mpower, accessKeyId: 'ICIK6JQHUUZANCQ====' },
  };
}

describe('the settings of a connection', () => {
  it('need names, addresses and users; the rest has defaults', () => {
    const parsed = connectionSettingsSchema.parse(settings());
    expect(parsed.acd).toMatchObject({ realTime: { collectionIntervalS: 5 } });
    expect(parsed.wfm).toMatchObject({ acdType: 'Generic_Nextiva' });
    expect(parsed.collection.reportMinutes).toBe(15);
  });

  it.each(['Asia/Kathmandu', 'UTC', 'Europe/Berlin'])('take the time zone %s', (timeZone) => {
    expect(connectionSettingsSchema.safeParse(settings({ timeZone })).success).toBe(true);
  });

  it.each<[Parameters<typeof settings>[0], string, string]>([
    [{ timeZone: 'Mars/Olympus' }, 'timeZone', 'no zone of this world'],
    [{ timeZone: '+05:00' }, 'timeZone', 'an offset knows no daylight saving'],
    [{ timeZone: '' }, 'timeZone', 'nothing'],
    [{ name: ' ' }, 'name', 'a name of spaces'],
    [{ name: 'x'.repeat(101) }, 'name', 'a name too long'],
  ])('refuse %o beside the field %s: %s', (overrides, path) => {
    const { error } = connectionSettingsSchema.safeParse(settings(overrides));
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('refuse another vendor and fields that nobody knows', () => {
    expect(connectionSettingsSchema.safeParse({ ...settings(), password: 'x' }).success).toBe(false);
    expect(connectionSettingsSchema.safeParse({ ...settings(), acd: { kind: 'other' } }).success).toBe(false);
  });

  it('name the secrets that are kept elsewhere', () => {
    expect(connectionSecretNames(connectionSettingsSchema.parse(settings()))).toEqual([
      'realTimePassword',
      'historicalPassword',
      'accessKeySecret',
    ]);
  });

  it('have addresses that are checked, each beside its field', () => {
    const inside = connectionSettingsSchema.parse(
      settings({ ncc: 'http://127.0.0.1:9101/wfm', mpower: 'https://10.0.0.1' }),
    );
    expect(checkAddresses(inside, { allowPrivateNetwork: false })).toEqual([
      { path: 'acd.realTime.baseUrl', message: expect.stringContaining('https') },
      { path: 'wfm.baseUrl', message: expect.stringContaining('public') },
    ]);
    expect(checkAddresses(inside, { allowPrivateNetwork: true })).toEqual([]);
  });
});
