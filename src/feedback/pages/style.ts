import { Style } from '../../platform/html/index.js';

/** The look of the pages that recipients see. */
export const PAGE_STYLE = new Style(`
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--paper:#fff;--ground:#f3f4f6;--line:#d5d9de;--accent:#0a5bd3}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a7b0ba;--paper:#1d2126;--ground:#121417;--line:#3a414a;--accent:#7ab0ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:min(34rem,100%);background:var(--paper);border:1px solid var(--line);border-radius:.9rem;padding:2rem}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}
p{margin:0 0 1rem}
.soft{color:var(--soft);font-size:.92rem}
.note{border-left:.25rem solid var(--accent);padding:.4rem .9rem;margin-bottom:1.25rem}
fieldset{border:1px solid var(--line);border-radius:.6rem;margin:0 0 1rem;padding:.6rem 1rem .8rem}
legend{font-weight:600;padding:0 .35rem}
label{display:flex;gap:.65rem;align-items:center;padding:.4rem 0}
.topics{margin-left:1.7rem}
input[type=checkbox]{width:1.15rem;height:1.15rem;accent-color:var(--accent);flex:none}
button{font:inherit;font-weight:600;padding:.65rem 1.4rem;border:0;border-radius:.55rem;background:var(--accent);color:var(--paper);cursor:pointer}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`);
