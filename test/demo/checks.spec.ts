import { demoModule } from './demo-module.js';

interface Reasons { reason: string; count: number }
interface Results { audience: number; holdout: number; queued: number; sending: number; sent: number; failed: number; unknown: number; deferred: number; suppressed: Reasons[] }
interface Predicted { audience: number; holdout: number; wouldSend: number; suppressed: Reasons[]; deferred: Reasons[] }
interface Row { userId: string; outcome: string; reason: string }

const { balance, differences, exportDifferences, armsOf, liftPutIn } = await demoModule<{
  balance(results: Results): { holds: boolean; text: string };
  differences(predicted: Predicted, results: Results): string[];
  exportDifferences(rows: Row[], results: Results): string[];
  armsOf(rows: Row[]): { treated: string[]; control: string[] };
  liftPutIn(arms: { treated: string[]; control: string[] }, lifts: Map<string, number>, base: number): number;
}>('checks');
const { readMail } = await demoModule<{ readMail(mail: { raw: string; headers: [string, string][] }): { pixel?: string; links: string[]; unsubscribe?: string } }>('mail');

const results: Results = {
  audience: 100, holdout: 5, queued: 0, sending: 0, sent: 60, failed: 2, unknown: 1, deferred: 10,
  suppressed: [{ reason: 'no_device', count: 20 }, { reason: 'render_error', count: 2 }],
};
const predicted: Predicted = {
  audience: 100, holdout: 5, wouldSend: 65, suppressed: [{ reason: 'no_device', count: 20 }], deferred: [{ reason: 'outranked', count: 7 }, { reason: 'quiet_hours', count: 3 }],
};

describe('the checks of the demo', () => {
  it('see a sum that does not balance', () => {
    expect(balance(results).holds).toBe(true);
    expect(balance({ ...results, sent: 59 }).holds).toBe(false);
    expect(balance(results).text).toBe('100 = 5 held out + 0 queued + 0 sending + 60 sent + 2 failed + 1 unknown + 10 deferred + 22 not sent');
  });

  it('take what only rendering held back as decided to be sent, and name every other difference', () => {
    expect(differences(predicted, results)).toEqual([]);
    expect(differences({ ...predicted, holdout: 6, wouldSend: 64 }, results)).toEqual(['holdout: simulated 6, came 5', 'wouldSend: simulated 64, came 65']);
    const other = { ...results, suppressed: [{ reason: 'stale_device', count: 20 }, { reason: 'render_error', count: 2 }] };
    expect(differences(predicted, other)).toEqual(['no_device: simulated 20, came 0', 'stale_device: simulated 0, came 20']);
  });

  it('see a row that the export lacks', () => {
    const small = { ...results, audience: 2, holdout: 1, sent: 1, failed: 0, unknown: 0, deferred: 0, suppressed: [] };
    const rows = [{ userId: 'a', outcome: 'sent', reason: '' }, { userId: 'b', outcome: 'held_out', reason: '' }];
    expect(exportDifferences(rows, small)).toEqual([]);
    expect(exportDifferences(rows.slice(1), small)).toEqual(['rows: exported 1, reported 2', 'sent: exported 0, reported 1']);
  });

  it('count in the treated arm who passed every gate, whatever the provider said', () => {
    const rows = ['sent', 'failed', 'unknown', 'held_out', 'deferred'].map((outcome) => ({ userId: outcome, outcome, reason: '' }));
    const arms = armsOf([...rows, { userId: 'r', outcome: 'suppressed', reason: 'render_error' }, { userId: 'n', outcome: 'suppressed', reason: 'no_device' }]);
    expect(arms).toEqual({ treated: ['sent', 'failed', 'unknown', 'r'], control: ['held_out'] });
    expect(liftPutIn({ treated: ['a', 'b'], control: ['c'] }, new Map([['a', 0.2], ['c', 0.05]]), 0)).toBeCloseTo(0.05, 10);
  });
});

describe('a simulated mail reader', () => {
  const html = '<p>H=C3=A9llo</p><a href=3D"http://x/t/c/AAA=\r\nBBB?a=3D1&amp;b=3D2">new</a><a href=3D"http://x/u/U">out</a><img src=3D"http://x/t/o/P.gif" width=3D"1">';
  const raw = ['Content-Type: multipart/alternative;', '\tboundary="--=_b1"', '', '----=_b1', 'Content-Type: text/plain', '', 'http://x/t/c/plain',
    '----=_b1', 'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable', '', html, '----=_b1--', ''].join('\r\n');

  it('finds picture, links and the one-click unsubscribe of a mail', () => {
    const headers: [string, string][] = [['List-Unsubscribe', '<http://x/u/U>'], ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']];
    expect(readMail({ raw, headers })).toEqual({ pixel: 'http://x/t/o/P.gif', links: ['http://x/t/c/AAABBB?a=1&b=2'], unsubscribe: 'http://x/u/U' });
    expect(readMail({ raw, headers: headers.slice(0, 1) }).unsubscribe).toBeUndefined();
  });
});
