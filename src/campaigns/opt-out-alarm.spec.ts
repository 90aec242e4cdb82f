import fc from 'fast-check';
import { alarmReach, optOutAlarm } from './opt-out-alarm.js';

it('goes off by the published limits: 20 of 1,000 are surely above 0.7 %, not above 0.8 %', () => {
  expect(optOutAlarm(20, 1_000, 0.0073)).toBeCloseTo(0.007326, 6);
  expect(optOutAlarm(20, 1_000, 0.0074)).toBeNull();
  expect(optOutAlarm(0, 500, 0)).toBeNull();
});

it('its reach is where the alarm ends: at it an alarm, one message later none', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0.001, 0.02, 0.1, 0.5, 1), (optOuts, tolerated) => {
    const reach = alarmReach(optOuts, tolerated);
    if (reach > 0) expect(optOutAlarm(optOuts, reach, tolerated)).not.toBeNull();
    if (reach > 0 || optOuts > 0) expect(optOutAlarm(optOuts, Math.max(reach + 1, optOuts), tolerated)).toBeNull();
  }), { numRuns: 60 });
});

it('a campaign at the tolerated rate is paused at some look in fewer than 1 life of 20', () => {
  // Deterministic generator: what is tested is the bound, not luck.
  let state = 7;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  let alarms = 0;
  for (let life = 0; life < 400; life++) {
    let optOuts = 0;
    let rang = false;
    for (let message = 1; message <= 1_500 && !rang; message++) {
      if (random() >= 0.02) continue;
      optOuts++;
      rang = optOutAlarm(optOuts, message, 0.02) !== null;
    }
    if (rang) alarms++;
  }
  expect(alarms / 400).toBeLessThan(0.05);
});
