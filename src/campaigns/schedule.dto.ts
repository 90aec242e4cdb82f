import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsIn } from 'class-validator';
import { NotInThisRelease } from '../platform/http/index.js';
import { IsInstant } from '../platform/time/index.js';

const TYPES = ['now', 'at', 'local', 'recurring', 'bestHour', 'triggered'];
const INSTEAD = 'use now or at';

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
  @IsInstant()
  at: string;
}

class ScheduleLocal {
  @NotInThisRelease(INSTEAD) type: string;
  @Allow() localAt?: unknown;
  @Allow() ifPassed?: unknown;
}

class ScheduleRecurring {
  @NotInThisRelease(INSTEAD) type: string;
  @Allow() cron?: unknown;
  @Allow() timezone?: unknown;
  @Allow() until?: unknown;
  @Allow() reentry?: unknown;
}

class ScheduleBestHour {
  @NotInThisRelease(INSTEAD) type: string;
  @Allow() date?: unknown;
  @Allow() from?: unknown;
  @Allow() to?: unknown;
}

class ScheduleTriggered {
  @NotInThisRelease(INSTEAD) type: string;
  @Allow() event?: unknown;
  @Allow() segment?: unknown;
  @Allow() where?: unknown;
  @Allow() delay?: unknown;
  @Allow() unless?: unknown;
  @Allow() reentry?: unknown;
}

export const SCHEDULE_TYPES = {
  property: 'type',
  subTypes: [
    { name: 'now', value: ScheduleNow },
    { name: 'at', value: ScheduleAt },
    { name: 'local', value: ScheduleLocal },
    { name: 'recurring', value: ScheduleRecurring },
    { name: 'bestHour', value: ScheduleBestHour },
    { name: 'triggered', value: ScheduleTriggered },
  ],
};
