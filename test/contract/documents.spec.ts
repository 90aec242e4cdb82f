import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { targets, type Verb } from '../../src/campaigns/campaign-state.js';
import type { CampaignStatus } from '../../src/campaigns/campaign.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`)];

/** The text of a `## ` section. */
function section(path: string, title: string): string {
  const found = new RegExp(`^## ${title}\\n([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, 'm').exec(textOf(path))?.[1];
  if (found === undefined) throw new Error(`${path} has no section "${title}"`);
  return found;
}

/** The first cells of a section's tables, where they are code. */
const firstCells = (text: string): string[] => [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell!).sort();

function enumOf(name: string): string[] {
  const body = new RegExp(`create type ${name} as enum \\(([^)]*)\\)`).exec(textOf('migrations/schema.sql'))![1]!;
  return [...body.matchAll(/'(\w+)'/g)].map(([, value]) => value!);
}

/** `from --> to` of a page's state diagrams; [*] is left out. */
function arrows(title: string): string[] {
  return [...section('docs/lifecycles.md', title).matchAll(/^ {2}(\w+) --> (\w+):/gm)].map(([, from, to]) => `${from} → ${to}`).sort();
}

describe('the documents say what the code does', () => {
  it('the README lists every variable that the process reads', () => {
    const variables = [...textOf('src/platform/config/environment.ts').matchAll(/^ {2}([A-Z][A-Z_]+)[?:]/gm)].map(([, name]) => name!);
    expect(variables.length).toBeGreaterThan(20);
    expect(firstCells(section('README.md', 'Configuration'))).toEqual(variables.sort());
  });

  it('the glossary has every reason of the ledger', () => {
    expect(firstCells(section('docs/glossary.md', 'Reasons'))).toEqual(enumOf('delivery_reason').sort());
  });

  it('the glossary has every outcome: the states of the ledger, sending, and what only explain says', () => {
    const outcomes = [...enumOf('delivery_state'), 'sending', 'would_send', 'not_in_audience', 'not_triggered'];
    expect(firstCells(section('docs/glossary.md', 'Outcomes'))).toEqual(outcomes.sort());
  });

  it("the diagram of a campaign has the arrows of its state machine, and 'due' from scheduled to running", () => {
    const states = enumOf('campaign_status') as CampaignStatus[];
    const verbs: Verb[] = ['launch', 'pause', 'resume', 'cancel', 'complete'];
    const legal = states.flatMap((from) => verbs.flatMap((verb) => targets(from, verb).map((to) => `${from} → ${to}`)));
    expect(arrows('Campaign')).toEqual([...new Set([...legal, 'scheduled → running'])].sort());
  });

  it('the diagram of a delivery has every state of the ledger', () => {
    const drawn = new Set(section('docs/lifecycles.md', 'Delivery').match(/^ {2}.*-->.*:/gm)!.flatMap((line) => line.match(/\w+(?= -->|:)/g) ?? []));
    expect([...drawn].sort()).toEqual([...enumOf('delivery_state'), 'sending'].sort());
  });

  it.each(PAGES)('%s links only to what is there', (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^https?:/.test(link));
    const broken = links.filter((link) => {
      const [path, anchor] = link.split('#') as [string, string?];
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !textOf(target).split('\n').some((line) => line.startsWith('#') && slug(line) === anchor);
    });
    expect(broken).toEqual([]);
  });
});

/** As git hosts make anchors of headings. */
function slug(heading: string): string {
  return heading.replace(/^#+ /, '').toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-');
}
