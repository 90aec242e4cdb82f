import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { sqlFile, type Queryable, type Transaction } from '../platform/database/index.js';
import { instantOf, isZone, parseDuration } from '../platform/time/index.js';
import { SettingsService } from '../settings/index.js';
import type { CampaignDefinition, RecurringSchedule } from './campaign.js';
import { firstRun, nextRun, recursAt, type PlannedRun } from './schedule.js';
import { together, wavesOfZones, type PlannedWave, type ZoneWave, type Zones } from './zone-waves.js';

interface Due {
  id: string;
  lastLocal: Date;
  /** Of its launch or of the last edit of its schedule: what was due by then, in whatever zone, is none of its occurrences. */
  since: Date;
  definition: CampaignDefinition;
  now: Date;
}

interface Unplanned {
  runId: string;
  campaignId: string;
  localAt: Date;
  definition: CampaignDefinition;
  launchedAt: Date;
  zones: string[];
}

type Now = { now: Date | null };

const here = import.meta.url;
const listPresentZones = sqlFile<{ defaultZone: string }, { zone: string }>(here, './sql/list-present-zones.sql');
const ensureRunMonth = sqlFile<{ dueAt: Date }>(here, './sql/ensure-run-month.sql');
const insertRun = sqlFile<
  { campaignId: string; scheduledFor: Date; localAt: Date | null; lastDueAt: Date; expiresAfterMs: number; now: Date; missed: boolean; waves: string }
>(here, './sql/insert-run.sql');
const tryLockNewZones = sqlFile<object, { locked: boolean }>(here, './sql/try-lock-new-zones.sql');
const addWaves = sqlFile<{ runId: string; campaignId: string; expiresAfterMs: number; waves: string; now: Date }>(here, './sql/add-waves.sql');
const findUnplanned = sqlFile<{ zones: string[] }, Unplanned>(here, './sql/find-unplanned-zones.sql');
const putRecurrence = sqlFile<{ campaignId: string; lastLocal: Date; nextAt: Date; since: Date }>(here, './sql/put-recurrence.sql');
const claimDue = sqlFile<Now, Due>(here, './sql/claim-due-recurrences.sql');
const readRecurrence = sqlFile<{ campaignId: string }, { lastLocal: Date; nextAt: Date; since: Date }>(here, './sql/read-recurrence.sql');
const listBegun = sqlFile<{ campaignId: string; now: Date }, { id: string; localAt: Date }>(here, './sql/list-begun-runs.sql');
const endComing = sqlFile<{ campaignId: string; runIds: string[]; until: string | null; now: Date }>(here, './sql/end-coming-waves.sql');
const expireMissed = sqlFile<Now>(here, './sql/expire-missed-runs.sql');
const endRecurrence = sqlFile<{ campaignId: string }>(here, './sql/end-recurrence.sql');
const openTriggered = sqlFile<{ campaignId: string; day: Date; expiresAfterMs: number } & Now>(here, './sql/open-triggered-run.sql');

/** A backlog of years is worked off in steps, so that no transaction is long. */
const MAX_AT_ONCE = 200;

/** The occurrences of campaigns: their runs and waves, made ahead. */
@Injectable()
export class Occurrences {
  constructor(
    private readonly clock: Clock,
    private readonly settings: SettingsService,
  ) {}

  async zones(db: Queryable): Promise<Zones> {
    const { defaultTimezone } = await this.settings.get();
    const rows = await db.query(listPresentZones, { defaultZone: defaultTimezone });
    return { present: rows.map(({ zone }) => zone), fallback: defaultTimezone };
  }

  /**
   * The first occurrence of a campaign that is launched, or whose schedule is edited, at `now`.
   * @returns its plan; null where there is none.
   */
  async start(tx: Transaction, id: string, definition: CampaignDefinition, now: Date): Promise<PlannedRun | null> {
    const zones = await this.zones(tx);
    const run = firstRun(definition.schedule, now, zones);
    if (!run) return null;
    await this.insert(tx, id, definition, run, now, false);
    if (definition.schedule.type === 'recurring') await this.advance(tx, { id, definition, now, lastLocal: run.localAt!, since: now }, run, zones);
    return run;
  }

  /**
   * Makes the occurrences that are to be made by now. Missed ones run as long as they have not expired, the others are put on
   * record as expired; then one is made ahead.
   * @returns how many were made.
   */
  async makeDue(tx: Transaction): Promise<number> {
    const due = await tx.query(claimDue, { now: this.clock.forSql() });
    if (due.length === 0) return 0;
    const zones = await this.zones(tx);
    let made = 0;
    for (const recurrence of due) made += await this.makeUpTo(tx, recurrence, zones);
    return made;
  }

  /** Makes what a recurrence has come to by `now`, by the schedule that it had until then: an edit must not make it forgotten. */
  async makeMissed(tx: Transaction, id: string, definition: CampaignDefinition, now: Date): Promise<void> {
    const zones = await this.zones(tx);
    for (;;) {
      const [found] = await tx.query(readRecurrence, { campaignId: id });
      if (!found || found.nextAt > now) return;
      await this.makeUpTo(tx, { id, definition, now, lastLocal: found.lastLocal, since: found.since }, zones);
    }
  }

  /**
   * Ends occurrences for the zones that they have not come to yet, where the edited schedule has none at their time: it brings these
   * zones its own, and nobody should be reached by both; or none so late.
   */
  async endOthers(tx: Transaction, id: string, schedule: RecurringSchedule, now: Date): Promise<void> {
    const begun = await tx.query(listBegun, { campaignId: id, now });
    const runIds = begun.filter(({ localAt }) => !recursAt(schedule, localAt.getTime())).map((run) => run.id);
    await tx.query(endComing, { campaignId: id, runIds, until: schedule.until ?? null, now });
  }

  private async makeUpTo(tx: Transaction, due: Due, zones: Zones): Promise<number> {
    const schedule = due.definition.schedule as RecurringSchedule;
    let { lastLocal } = due;
    for (let made = 1; ; made++) {
      const run = nextRun(schedule, lastLocal.getTime(), zones, due.since);
      if (!run) {
        await tx.query(endRecurrence, { campaignId: due.id });
        return made;
      }
      const expired = run.lastDueAt.getTime() + expiresAfterMs(due.definition) < due.now.getTime();
      await this.insert(tx, due.id, due.definition, run, due.now, expired);
      lastLocal = run.localAt!;
      if (run.scheduledFor > due.now || made === MAX_AT_ONCE) {
        await this.advance(tx, { ...due, lastLocal }, run, zones);
        return made;
      }
    }
  }

  /**
   * Notes the last occurrence made. The clock's change may put the following one before it (02:30 moved to 03:30, then 03:00):
   * then that one is made at the earlier of the two.
   */
  private async advance(tx: Transaction, { id, definition, lastLocal, since }: Due, run: PlannedRun, zones: Zones): Promise<void> {
    const following = nextRun(definition.schedule as RecurringSchedule, lastLocal.getTime(), zones, since);
    const nextAt = following && following.scheduledFor < run.scheduledFor ? following.scheduledFor : run.scheduledFor;
    await tx.query(putRecurrence, { campaignId: id, lastLocal, nextAt, since });
  }

  /** Puts on record as expired what came and expired before anybody was decided on; before anything is decided. */
  async expireMissed(tx: Transaction): Promise<void> {
    await tx.query(expireMissed, { now: this.clock.forSql() });
  }

  /** Gives open occurrences by local time the waves of zones that have come since; nothing while another scheduler does. */
  async addZones(tx: Transaction): Promise<void> {
    const [lock] = await tx.query(tryLockNewZones, {});
    if (!lock!.locked) return;
    const zones = await this.zones(tx);
    const now = this.clock.now();
    for (const run of await tx.query(findUnplanned, { zones: [...zones.present] })) {
      await tx.query(addWaves, {
        runId: run.runId, campaignId: run.campaignId, expiresAfterMs: expiresAfterMs(run.definition), now,
        waves: JSON.stringify(wavesOfNewZones(run, zones, now)),
      });
    }
  }

  /** The ledger's partition of a run that falls due at the instant. */
  async ensureMonth(tx: Transaction, dueAt: Date): Promise<void> {
    await tx.query(ensureRunMonth, { dueAt });
  }

  /** The run of a UTC day of a triggered campaign, made when its first entry is due. */
  async openDay(tx: Transaction, campaignId: string, day: Date, definition: CampaignDefinition): Promise<void> {
    await tx.query(ensureRunMonth, { dueAt: day });
    await tx.query(openTriggered, { campaignId, day, expiresAfterMs: expiresAfterMs(definition), now: this.clock.forSql() });
  }

  private async insert(tx: Transaction, campaignId: string, definition: CampaignDefinition, run: PlannedRun, now: Date, missed: boolean): Promise<void> {
    const { scheduledFor, localAt, lastDueAt, waves } = run;
    await tx.query(ensureRunMonth, { dueAt: scheduledFor });
    await tx.query(insertRun, { campaignId, scheduledFor, localAt, lastDueAt, expiresAfterMs: expiresAfterMs(definition), now, missed, waves: JSON.stringify(waves) });
  }
}

/** An occurrence of a recurrence that had passed in the zone before anybody was of it, or before the launch, or that the schedule has no more, was never theirs. */
function wavesOfNewZones({ definition, localAt, launchedAt, zones: some }: Unplanned, zones: Zones, now: Date): (PlannedWave & { decided: boolean })[] {
  const { schedule } = definition;
  const wall = localAt.getTime();
  if (schedule.type !== 'recurring') return wavesOfZones(schedule, wall, some, zones, now).map((wave) => ({ ...wave, decided: false }));
  const gone = !recursAt(schedule, wall);
  const waves = some.map((zone): ZoneWave => {
    const dueAt = new Date(instantOf(isZone(zone) ? zone : zones.fallback, wall));
    const over = schedule.until !== undefined && dueAt > new Date(schedule.until);
    return { dueAt, zone, slot: null, passed: gone || over || dueAt <= launchedAt || dueAt < now };
  });
  return together(waves).map((wave) => ({ ...wave, decided: wave.passed }));
}

function expiresAfterMs(definition: CampaignDefinition): number {
  return parseDuration(definition.expiresAfter)!;
}
