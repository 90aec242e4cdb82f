/** Mailbox providers look at senders from these shares on: bounces of 5 %, complaints of 0.1 % (warn) and 0.3 % (stop). */
const BOUNCES = 0.05;
const COMPLAINTS_WARN = 0.001;
const COMPLAINTS_STOP = 0.003;
/** Below this many mails a share says nothing. */
const LEAST_SENT = 100;
/** One angry reader among the first hundred is no reputation yet. */
const LEAST_COMPLAINTS = 2;

export interface MailCounts {
  readonly sent: number;
  readonly bounced: number;
  readonly complained: number;
}

export type MailVerdict = { readonly do: 'nothing' } | { readonly do: 'warn' | 'pause'; readonly reason: string };

/** What a campaign's bounces and complaints ask for, before the mailbox providers ask for it. */
export function mailVerdict({ sent, bounced, complained }: MailCounts): MailVerdict {
  if (sent < LEAST_SENT) return { do: 'nothing' };
  const percent = (n: number): string => `${((100 * n) / sent).toFixed(1)} %`;
  if (bounced >= BOUNCES * sent) return { do: 'pause', reason: `${bounced} of ${sent} mails bounced (${percent(bounced)}).` };
  const reason = `${complained} of ${sent} mails were complained about (${percent(complained)}).`;
  if (complained < LEAST_COMPLAINTS || complained < COMPLAINTS_WARN * sent) return { do: 'nothing' };
  return { do: complained >= COMPLAINTS_STOP * sent ? 'pause' : 'warn', reason };
}
