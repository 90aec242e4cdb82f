/** What the simulated people do, by stated rates. Everybody buys at the base rate, contacted or not: only so is a lift measured honestly. */
export const RATES = {
  push: { delivered: 0.12, opened: 0.22, dismissed: 0.06, optedOut: 0.012, boughtAfterOpening: 0.16 },
  email: { opened: 0.3, clickedAfterOpening: 0.3, optedOut: 0.01, boughtAfterClick: 0.3 },
  boughtAnyway: 0.03,
};

/** How likely a contacted person buys because of it. */
export function liftOf(channel) {
  const { push, email } = RATES;
  return channel === 'push' ? push.opened * push.boughtAfterOpening : email.opened * email.clickedAfterOpening * email.boughtAfterClick;
}

/** What one person does with one push. Opening, dismissing and opting out exclude each other. @param {() => number} uniform */
export function reactToPush(uniform) {
  const { delivered, opened, dismissed, optedOut, boughtAfterOpening } = RATES.push;
  const u = uniform();
  const action = u < opened ? 'opened' : u < opened + dismissed ? 'dismissed' : u < opened + dismissed + optedOut ? 'optedOut' : 'ignored';
  return { delivered: uniform() < delivered, action, buys: uniform() < boughtAfterOpening && action === 'opened' };
}

/** What one person does with one mail. */
export function reactToMail(uniform) {
  const { opened, clickedAfterOpening, optedOut, boughtAfterClick } = RATES.email;
  const opens = uniform() < opened;
  const clicks = uniform() < clickedAfterOpening && opens;
  return { opens, clicks, optsOut: uniform() < optedOut, buys: uniform() < boughtAfterClick && clicks };
}

/** The rates in words. */
export function statedRates() {
  const { push, email, boughtAnyway } = RATES;
  const percent = (share) => `${Math.round(share * 1000) / 10} %`;
  return [
    `push: ${percent(push.delivered)} of the phones report delivery, ${percent(push.opened)} open, ${percent(push.dismissed)} dismiss, ${percent(push.optedOut)} opt out, the others ignore it; ${percent(push.boughtAfterOpening)} of the openers buy`,
    `mail: ${percent(email.opened)} load the picture, ${percent(email.clickedAfterOpening)} of these click, ${percent(email.boughtAfterClick)} of the clickers buy; ${percent(email.optedOut)} use one-click unsubscribe`,
    `everybody, contacted or held out: ${percent(boughtAnyway)} buy anyway in these days`,
  ];
}
