import { Style } from '../../platform/html/index.js';

/** The look of the report: one column, quiet colours that hold in the dark and on paper. */
export const REPORT_STYLE = new Style(`
:root{color-scheme:light dark;--ink:#1b1f24;--soft-ink:#57606a;--paper:#fff;--ground:#f4f5f7;--line:#dfe3e8;--main:#2563c9;--soft:#93a4bd;--good:#1a8551;--bad:#c4372f;--track:#edf0f4}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft-ink:#a4adb8;--paper:#1c2025;--ground:#111316;--line:#353c45;--main:#6ea6ff;--soft:#6f7f96;--good:#4cc38a;--bad:#ff7b72;--track:#2a3038}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:0 0 1rem}
section{background:var(--paper);border:1px solid var(--line);border-radius:.8rem;padding:1.4rem;margin-top:1.2rem;overflow-x:auto}
p{margin:.5rem 0}
.soft-ink{color:var(--soft-ink)}
.status{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:.05rem .7rem;font-size:.85rem;background:var(--paper)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin-top:1.4rem}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:.8rem;padding:.9rem 1rem}
.tile dt{color:var(--soft-ink);font-size:.85rem}
.tile dd{margin:0;font-size:1.35rem;font-weight:650;white-space:nowrap;font-variant-numeric:tabular-nums}
.tile dd small{display:block;white-space:normal;font-size:.82rem;font-weight:400;color:var(--soft-ink)}
.days{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1.2rem}
figure{margin:0}
figcaption{font-size:.88rem;color:var(--soft-ink)}
.plot{max-width:100%;height:auto;display:block}
.plot text{fill:var(--ink);font-size:13px}
.plot .label{text-anchor:end}
.plot .value{font-variant-numeric:tabular-nums}
.plot .tick{fill:var(--soft-ink);font-size:11px}
.plot .end{text-anchor:end}
.plot .mid{text-anchor:middle}
.track{fill:var(--track)}
.main{fill:var(--main)}
.soft{fill:var(--soft)}
.good{fill:var(--good)}
.bad{fill:var(--bad)}
.axis,.zero{stroke:var(--line);stroke-width:1.5}
.zero{stroke:var(--soft-ink);stroke-dasharray:4 3}
.thick{stroke-width:6;stroke-linecap:round}
.thin{stroke-width:2}
.stroke-good{stroke:var(--good)}
.stroke-bad{stroke:var(--bad)}
.stroke-soft{stroke:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.93rem}
th,td{text-align:right;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}
thead th{color:var(--soft-ink);font-weight:600}
details summary{cursor:pointer;color:var(--soft-ink);margin-top:1rem}
.warn{border-left:.25rem solid var(--bad);padding:.3rem .9rem}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
`);
