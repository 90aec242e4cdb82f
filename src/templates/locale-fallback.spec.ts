import { canonicalLocale, formatLocale, pickLocale } from './locale-fallback.js';

describe('pickLocale', () => {
  const available = new Set(['en', 'de', 'de-AT', 'pt-BR', 'zh-Hant']);

  it.each([
    ['de-AT', 'de-AT'], ['de-CH', 'de'], ['de_ch', 'de'], ['DE', 'de'], ['zh-Hant-TW', 'zh-Hant'], ['zh-TW', 'en'], ['pt', 'en'], ['fr', 'en'],
    [null, 'en'], [undefined, 'en'], ['', 'en'], ['not a locale', 'en'],
  ])('%s gets %s: exact, then language, then default', (wanted, expected) => {
    expect(pickLocale(available, wanted, 'en')).toBe(expected);
  });
});

describe('formatLocale', () => {
  it("keeps the person's region within the text's language only", () => {
    expect(formatLocale('de_CH', 'de')).toBe('de-CH');
    expect(formatLocale('fr-FR', 'en')).toBe('en');
    expect(formatLocale(null, 'en')).toBe('en');
  });
});

describe('canonicalLocale', () => {
  it('knows tags from others', () => {
    expect(canonicalLocale('pt_br')).toBe('pt-BR');
    expect(canonicalLocale('x'.repeat(50))).toBeUndefined();
  });
});
