import { isMachine, type Hit } from './machine.js';

const person: Hit = {
  method: 'GET', purpose: undefined, sinceSentMs: 60_000,
  userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
};

describe('machines', () => {
  it('a person with a browser, a webmail proxy or an app is none', () => {
    expect(isMachine(person)).toBe(false);
    expect(isMachine({ ...person, userAgent: 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)' })).toBe(false);
    expect(isMachine({ ...person, userAgent: 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html' })).toBe(false);
    expect(isMachine({ ...person, userAgent: undefined })).toBe(false);
  });

  it.each([
    ['a HEAD request', { method: 'HEAD' }],
    ["Apple's proxy", { userAgent: 'Mozilla/5.0' }],
    ['a gateway', { userAgent: 'Mozilla/5.0 (compatible; Proofpoint URL Defense)' }],
    ['a crawler', { userAgent: 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)' }],
    ['a link preview', { userAgent: 'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5' }],
    ['a headless browser', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0.0.0 Safari/537.36' }],
    ['an office client that checks links', { userAgent: 'Microsoft Office Existence Discovery' }],
    ['a prefetch', { purpose: 'prefetch;prerender' }],
    ['an open within a second of sending', { sinceSentMs: 999 }],
    ['an open before the mail server had answered', { sinceSentMs: undefined }],
  ])('%s is one', (_, signs) => {
    expect(isMachine({ ...person, ...signs })).toBe(true);
  });

  it('one second after sending is a person again', () => {
    expect(isMachine({ ...person, sinceSentMs: 1_000 })).toBe(false);
  });
});
