import { Injectable, Logger } from '@nestjs/common';
import type { CampaignDefinition } from '../campaigns/index.js';
import { Occurrences } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, numberParameters, sqlFile, sqlPart, type Queryable } from '../platform/database/index.js';
import { fitBetaBinomial } from '../scoring/index.js';
import { NOW, SegmentPredicates } from '../segments/index.js';
import { SettingsService } from '../settings/index.js';
import type { DueWaveRow } from './due-waves.js';
import { valuesOf } from './pass-statements.js';
import { KAPPA_FLOOR, audienceCurve, zoneRules, type SendTimes } from './send-time.js';

interface Counted {
  how: number;
  sent: number;
  answered: number;
  audienceSent: number;
  audienceAnswered: number;
}

const findCurveless = sqlFile<{ now: Date | null }, { id: string; definition: CampaignDefinition }>(import.meta.url, './sql/find-curveless-runs.sql');
const insertCurve = sqlFile<{ runId: string; curve: number[]; kappa: number; asOf: Date }>(import.meta.url, './sql/insert-send-time-curve.sql');
const readCurve = sqlFile<{ runId: string }, SendTimes>(import.meta.url, './sql/read-send-time-curve.sql');
const COUNT = numberParameters(sqlPart(import.meta.url, './sql/count-send-times.part.sql'));

/** Where too little has been sent for a fit, what is there is believed slowly. */
const KAPPA_UNFITTED = 200;
/** Fewer slots with messages than this say nothing about how much slots differ. */
const MINIMUM_SLOTS = 10;

/** When people answer: the curve by which a bestHour run chooses hours, frozen when its first wave is due. */
@Injectable()
export class SendTimeCurves {
  private readonly logger = new Logger('send-times');
  private preparing?: Promise<void> | undefined;
  /** Runs whose curve could not be computed at the last try. */
  private readonly faulty = new Set<string>();

  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly settings: SettingsService,
    private readonly predicates: SegmentPredicates,
    private readonly occurrences: Occurrences,
  ) {}

  /** Computes the curves of runs that are due and have none, once for all who ask meanwhile. One that cannot be computed stops nobody but its run. */
  prepare(): Promise<void> {
    this.preparing ??= this.prepareDue().finally(() => (this.preparing = undefined));
    return this.preparing;
  }

  async of(db: Queryable, runId: string): Promise<SendTimes | undefined> {
    const [row] = await db.query(readCurve, { runId });
    return row;
  }

  /**
   * The waves with the curves of those that choose the hour; one without a curve is not decided.
   * @returns also whether one has fallen due since `prepare`: it must be prepared before anything that ranks lower is decided.
   */
  async onto(db: Queryable, waves: readonly DueWaveRow[]): Promise<{ waves: DueWaveRow[]; curveless: boolean }> {
    const ready: DueWaveRow[] = [];
    let curveless = false;
    for (const wave of waves) {
      const chooses = wave.fresh && wave.definition.schedule.type === 'bestHour';
      const sendTimes = chooses ? await this.of(db, wave.runId) : undefined;
      curveless ||= chooses && !sendTimes && !this.faulty.has(wave.runId);
      if (sendTimes) ready.push({ ...wave, sendTimes });
      else ready.push(chooses ? { ...wave, fresh: false } : wave);
    }
    return { waves: ready, curveless };
  }

  private async prepareDue(): Promise<void> {
    for (const { id, definition } of await this.database.query(findCurveless, { now: this.clock.forSql() })) {
      try {
        await this.database.query(insertCurve, { runId: id, ...(await this.compute(this.database, definition, this.clock.now())) });
        this.faulty.delete(id);
      } catch (error) {
        this.faulty.add(id);
        this.logger.error({ err: error, run: id });
      }
    }
  }

  async compute(db: Queryable, { channel, audience }: CampaignDefinition, asOf: Date): Promise<SendTimes & { curve: number[] }> {
    const settings = await this.settings.get();
    const { present } = await this.occurrences.zones(db);
    const values = valuesOf(COUNT, {
      channel, now: asOf, defaultZone: settings.defaultTimezone, zones: present,
      rules: present.map((zone) => zoneRules(zone, settings.defaultTimezone)),
    });
    const predicate = await this.predicates.compileAudience(db, audience, settings, values.length + 1);
    const own = predicate.params.map((value) => (value === NOW ? asOf : value));
    const counts = await db.raw<Counted>(COUNT.text.replaceAll('__AUDIENCE__', () => predicate.sql), [...values, ...own]);
    const inside = counts.map(({ how, audienceSent, audienceAnswered }) => ({ how, sent: audienceSent, answered: audienceAnswered }));
    const kappa = kappaOf(inside);
    return { curve: audienceCurve(counts, inside, kappa), kappa, asOf };
  }
}

/** How many messages the prior is worth: by maximum likelihood of a beta-binomial over the hours, at least 20. */
function kappaOf(counts: readonly { sent: number; answered: number }[]): number {
  const rows = counts.filter(({ sent }) => sent > 0).map(({ sent, answered }) => ({ trials: sent, successes: answered }));
  const fit = fitBetaBinomial(rows, MINIMUM_SLOTS);
  return fit.fitted ? Math.max(KAPPA_FLOOR, fit.params.alpha + fit.params.beta) : KAPPA_UNFITTED;
}
