import 'reflect-metadata';
import { validateSync } from 'class-validator';
import { IsDuration, IsInstant, IsZone } from './validators.js';

class Sample {
  @IsInstant() at: unknown;
  @IsDuration({ min: 60_000 }) window: unknown;
  @IsZone() timezone: unknown;
}

function faults(values: Record<string, unknown>): string[] {
  return validateSync(Object.assign(new Sample(), values)).map((error) => error.property);
}

it('the validators accept their forms and name the field of anything else', () => {
  expect(faults({ at: '2026-01-01T00:00:00Z', window: 'PT1M', timezone: 'Europe/Berlin' })).toEqual([]);
  expect(faults({ at: '2026-01-01', window: 'PT59S', timezone: 'Mars' })).toEqual(['at', 'window', 'timezone']);
  expect(faults({ at: 5, window: ['PT1M'], timezone: { name: 'UTC' } })).toEqual(['at', 'window', 'timezone']);
});
