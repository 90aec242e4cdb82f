/** How figures are written on the report. English, because the report is. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const NONE = '–';

export function count(value: number): string {
  // A minus sign, and none before a zero: -0.3 people are 0 people.
  const text = whole.format(Math.abs(value));
  return value < 0 && text !== '0' ? `−${text}` : text;
}

/** 0.1234 → 12.3 %; small rates get the digits they need. */
export function percent(value: number | null): string {
  if (value === null) return NONE;
  const digits = value !== 0 && Math.abs(value) < 0.01 ? 2 : 1;
  return `${value < 0 ? '−' : ''}${Math.abs(value * 100).toFixed(digits)} %`;
}

/** A difference of rates, in percentage points with its sign. */
export function points(value: number | null): string {
  return value === null ? NONE : `${signed(value * 100, Math.abs(value) < 0.01 ? 2 : 1)} pp`;
}

export function money(value: number | null, currency: string, sign = false): string {
  if (value === null) return NONE;
  const digits = Math.abs(value) < 100 ? 2 : 0;
  const text = new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Math.abs(value));
  return `${value < 0 ? '−' : sign ? '+' : ''}${text} ${currency}`;
}

export function pValue(value: number | null): string {
  if (value === null) return NONE;
  return value < 0.001 ? '< .001' : value.toFixed(3).replace(/^0/, '');
}

export function words(code: string): string {
  return code.replaceAll('_', ' ');
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
