import type { CampaignStatus } from './campaign.js';
import { refusal, targets, type Verb } from './campaign-state.js';

const STATES: CampaignStatus[] = ['draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled'];
const VERBS: Verb[] = ['launch', 'pause', 'resume', 'cancel', 'complete'];

it('the life of a campaign is exactly this', () => {
  const legal = STATES.flatMap((state) => VERBS.filter((verb) => targets(state, verb).length > 0)
    .map((verb) => `${state} ${verb} ${targets(state, verb).join('|')}`));
  expect(legal).toEqual([
    'draft launch scheduled|running',
    'scheduled pause paused', 'scheduled cancel cancelled',
    'running pause paused', 'running cancel cancelled', 'running complete completed',
    'paused resume scheduled|running', 'paused cancel cancelled',
  ]);
});

it('a refusal names the state, the verb and where it is legal', () => {
  expect(refusal('completed', 'resume')).toBe('A campaign that is completed cannot resume; only one that is paused can.');
  expect(refusal('draft', 'pause')).toBe('A campaign that is draft cannot pause; only one that is scheduled or running can.');
  expect(refusal('draft', 'launch')).toBeUndefined();
});
