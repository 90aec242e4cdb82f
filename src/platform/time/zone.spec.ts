import { isZone } from './zone.js';

describe('isZone', () => {
  it('knows every zone that Intl lists, its links and UTC', () => {
    const listed = Intl.supportedValuesOf('timeZone');
    expect(listed.length).toBeGreaterThan(400);
    expect(listed.filter((zone) => !isZone(zone))).toEqual([]);
    for (const zone of ['UTC', 'Asia/Kolkata', 'Europe/Kyiv', 'US/Pacific', 'Etc/GMT+5', 'europe/berlin']) expect(isZone(zone)).toBe(true);
  });

  it.each(['', 'PST', 'JST', 'SystemV/PST8', '+01:00', 'GMT+2', 'Europe/Atlantis', 'Europe/', 'localtime', 'posix/Europe/Berlin', 'Europe/Berlin\0'])(
    'refuses %j', (zone) => {
      expect(isZone(zone)).toBe(false);
    });
});
