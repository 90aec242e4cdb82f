import { MAX_DURATION_MS, parseDuration } from './duration.js';

const HOUR = 3_600_000;

describe('parseDuration', () => {
  it.each([
    ['PT4H', 4 * HOUR], ['P30D', 30 * 24 * HOUR], ['P2W', 14 * 24 * HOUR], ['P1DT12H', 36 * HOUR], ['PT90M', 1.5 * HOUR],
    ['PT1H1M1.25S', HOUR + 61_250], ['PT0S', 0], ['P0D', 0], ['P36525D', MAX_DURATION_MS],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '', 'P', 'PT', 'P1DT', 'P1Y', 'P1M', 'P1Y2D', 'P1W2D', '-P1D', 'P-1D', '+PT1H', 'pt1h', 'PT1,5S', 'PT1.5H', 'P1.5D', 'PT1S1M', 'P1H',
    'P36526D', 'P9999999999D', 'PT1H ', '1H', '3600',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
