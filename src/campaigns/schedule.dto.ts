import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow, IsArray, IsIn, IsString, Length, Matches, ValidateBy, ValidateIf } from 'class-validator';
import { IsKey, MayBeAbsent, NotTogetherWith } from '../platform/http/index.js';
import { FIRST_DAY, IsDuration, IsInstant, LAST_DAY, ZONE_MESSAGE, isZone, parseDuration } from '../platform/time/index.js';
import { cronFault } from './cron.js';
import { localMs } from './zone-waves.js';

const TYPES = ['now', 'at', 'local', 'recurring', 'bestHour', 'triggered'];
const DAY_MS = 86_400_000;
const LOCAL_DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const LOCAL_TIME = /^(?!0000)\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

function text(name: string, fault: (value: string) => string | undefined, wanted: string): PropertyDecorator {
  const faultOf = (value: unknown): string | undefined => (typeof value === 'string' ? fault(value) : wanted);
  return ValidateBy({
    name, validator: { validate: (value) => faultOf(value) === undefined, defaultMessage: (args) => `$property ${faultOf(args?.value) ?? wanted}` },
  });
}

/** Whether the text is a day or time of the calendar: 30 February is none. */
const isCalendar = (value: string): boolean => {
  const ms = localMs(value.includes('T') ? value : `${value}T00:00`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value.slice(0, 10));
};

const calendarFault = (value: string, form: RegExp, message: string): string | undefined => {
  if (!form.test(value) || !isCalendar(value)) return message;
  const day = value.slice(0, FIRST_DAY.length);
  if (day < FIRST_DAY) return `must not be before ${FIRST_DAY}`;
  return day > LAST_DAY ? `must not be after ${LAST_DAY}` : undefined;
};

const LOCAL_MESSAGE = 'must be a local time without offset such as 2026-12-01T18:00';
const IsLocalTime = (): PropertyDecorator =>
  text('isLocalTime', (value) => calendarFault(value, LOCAL_TIME, LOCAL_MESSAGE), LOCAL_MESSAGE);

const DATE_MESSAGE = 'must be a date such as 2026-12-01';
const IsDate = (): PropertyDecorator =>
  text('isLocalDate', (value) => calendarFault(value, LOCAL_DATE, DATE_MESSAGE), DATE_MESSAGE);

const REENTRY_MESSAGE = 'must be always, never or a duration such as P7D, of at most P366D';
const IsReentry = (): PropertyDecorator => text('isReentry', (value) => {
  const ms = parseDuration(value);
  return value === 'always' || value === 'never' || (ms !== undefined && ms > 0 && ms <= 366 * DAY_MS) ? undefined : REENTRY_MESSAGE;
}, REENTRY_MESSAGE);

const IsCron = (): PropertyDecorator => text('isCron', (value) => (value.length > 255 ? 'is too long' : cronFault(value)), 'must be a cron expression of five fields');

const IsUserOrZone = (): PropertyDecorator =>
  text('isUserOrZone', (value) => (value === 'user' || isZone(value) ? undefined : `${ZONE_MESSAGE}, or user`), `${ZONE_MESSAGE}, or user`);

/** Any type that has no class below: refused for its type alone, not for every field beside it. */
export class UnknownSchedule {
  @IsIn(TYPES) type: string;
  @Allow() at?: unknown;
}

export class ScheduleNow {
  @ApiProperty({ enum: ['now'] })
  @IsIn(['now'])
  type: 'now';
}

export class ScheduleAt {
  @ApiProperty({ enum: ['at'] })
  @IsIn(['at'])
  type: 'at';

  @ApiProperty({ format: 'date-time', example: '2026-12-01T18:00:00+01:00', description: 'RFC 3339 with offset. A launch more than five minutes later is refused.' })
  @IsInstant({ from: FIRST_DAY, to: LAST_DAY })
  at: string;
}

export class ScheduleLocal {
  @ApiProperty({ enum: ['local'] })
  @IsIn(['local'])
  type: 'local';

  @ApiProperty({ example: '2026-12-01T18:00', description: 'In the zone of each user; without offset.' })
  @IsLocalTime()
  localAt: string;

  @ApiPropertyOptional({ enum: ['skip', 'nextDay', 'sendNow'], default: 'skip', description: 'For users whose local time had passed at launch.' })
  @MayBeAbsent() @IsIn(['skip', 'nextDay', 'sendNow'])
  ifPassed?: 'skip' | 'nextDay' | 'sendNow';
}

export class ScheduleRecurring {
  @ApiProperty({ enum: ['recurring'] })
  @IsIn(['recurring'])
  type: 'recurring';

  @ApiProperty({ example: '0 9 * * mon', description: 'Five fields, by the wall clock of `timezone`.' })
  @IsCron()
  cron: string;

  @ApiProperty({ example: 'Europe/Berlin', description: 'An IANA zone, or `user`: each user’s own.' })
  @IsUserOrZone()
  timezone: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'No occurrence is due after it.' })
  @MayBeAbsent() @IsInstant()
  until?: string;

  @ApiPropertyOptional({ example: 'P7D', description: 'always (default), never or the least time between two occurrences that reach the same user.' })
  @MayBeAbsent() @IsReentry()
  reentry?: string;
}

export class ScheduleBestHour {
  @ApiProperty({ enum: ['bestHour'] })
  @IsIn(['bestHour'])
  type: 'bestHour';

  @ApiProperty({ example: '2026-12-01', description: 'The local day of each user.' })
  @IsDate()
  date: string;

  @ApiPropertyOptional({ default: '08:00' })
  @MayBeAbsent() @Matches(TIME_OF_DAY, { message: '$property must be a time of day such as 08:00' })
  from?: string;

  @ApiPropertyOptional({ default: '22:00', description: 'Later than from.' })
  @MayBeAbsent() @Matches(TIME_OF_DAY, { message: '$property must be a time of day such as 22:00' })
  @ValidateBy({
    name: 'laterThanFrom',
    validator: { validate: (to, args) => !(String((args!.object as ScheduleBestHour).from ?? '08:00') >= String(to)), defaultMessage: () => '$property must be later than from' },
  })
  to?: string;
}

export class ScheduleTriggered {
  @ApiProperty({ enum: ['triggered'] })
  @IsIn(['triggered'])
  type: 'triggered';

  @ApiPropertyOptional({ example: 'signup', description: 'The event that triggers; either this or `segment`.' })
  @ValidateIf((body: ScheduleTriggered) => body.event !== undefined || body.segment === undefined)
  @IsString() @Length(1, 255)
  event?: string;

  @ApiPropertyOptional({ description: 'Tests of the event’s properties, as in a segment’s rule: `[{property, op, value}]`.', type: 'array', items: { type: 'object' } })
  @MayBeAbsent() @IsArray() @NotTogetherWith('segment')
  where?: unknown[];

  @ApiPropertyOptional({ example: 'at-risk', description: 'The segment whose entry triggers.' })
  @MayBeAbsent() @IsKey() @NotTogetherWith('event')
  segment?: string;

  @ApiPropertyOptional({ default: 'PT0S', example: 'PT1H', description: 'At most P90D.' })
  @MayBeAbsent() @IsDuration({ max: 90 * DAY_MS })
  delay?: string;

  @ApiPropertyOptional({ example: 'purchase', description: 'An event that takes the entry back when it follows before the decision.' })
  @MayBeAbsent() @IsString() @Length(1, 255)
  unless?: string;

  @ApiProperty({ example: 'P7D', description: 'always, never or the least time between two entries of the same user.' })
  @IsReentry()
  reentry: string;
}

export type ScheduleBody = ScheduleNow | ScheduleAt | ScheduleLocal | ScheduleRecurring | ScheduleBestHour | ScheduleTriggered;
export const SCHEDULES = [ScheduleNow, ScheduleAt, ScheduleLocal, ScheduleRecurring, ScheduleBestHour, ScheduleTriggered];

export const SCHEDULE_TYPES = {
  property: 'type',
  subTypes: SCHEDULES.map((value, i) => ({ name: TYPES[i]!, value })),
};
