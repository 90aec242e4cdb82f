import type { RefusalClass, SendResult } from '../channel-sender.js';

/** What the mail library reports of a failed transaction; all of it is optional there. */
export interface SmtpFailure {
  /** `ECONNECTION`, `ETIMEDOUT`, `EENVELOPE`, `EMESSAGE`, `EAUTH`, … */
  code?: string;
  /** Three-digit reply, where the server gave one. */
  responseCode?: number;
  /** The reply's text, from its code on. */
  response?: string;
  /** `CONN`, `EHLO`, `AUTH …`, `MAIL FROM`, `RCPT TO`, `DATA`: the command that failed. */
  command?: string;
  message?: string;
}

/** How far the transaction had come: no connection yet, the envelope under way, or a byte of the message handed to the connection. */
export type SmtpStage = 'connecting' | 'envelope' | 'body';

/** Enhanced codes (RFC 3463, RFC 7505) that say: this mailbox or domain does not exist and will not. */
const GONE = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']);
/** Replies to RCPT that mean the mailbox where the server sends no enhanced code (RFC 5321 4.2.3). */
const GONE_BASIC = new Set([550, 551, 553]);
/** Words of a refusal for reputation or content that some servers give as a bare 550. */
const POLICY_WORDS = /spam|block|policy|blacklist|black list|denied|reputation|dnsbl|rbl|relay|authenticat|spf|dkim|dmarc/i;

/** RFC 3463's subject digit. */
const SUBJECT: Record<string, RefusalClass> = {
  '1': 'address',
  '2': 'address',
  '3': 'server',
  '4': 'server',
  '5': 'config',
  '6': 'payload',
  '7': 'config',
};

function enhancedCode(response: string): string | undefined {
  return /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(response)?.[1];
}

function classOf(reply: number, enhanced: string | undefined, command: string): RefusalClass {
  if (reply === 421 || reply === 451) return 'server';
  const bySubject = enhanced && SUBJECT[enhanced.split('.')[1] ?? ''];
  if (bySubject) return bySubject;
  if (reply === 452) return 'quota';
  if (command === 'RCPT TO') return 'address';
  return command === 'DATA' ? 'payload' : 'config';
}

function isGone(reply: number, enhanced: string | undefined, failure: SmtpFailure): boolean {
  if (reply < 500) return false;
  // 5.1.3 and the like at MAIL FROM are about our own address.
  if (failure.command === 'MAIL FROM') return false;
  if (enhanced) return GONE.has(enhanced);
  return failure.command === 'RCPT TO' && GONE_BASIC.has(reply) && !POLICY_WORDS.test(failure.response ?? '');
}

function refusal(reply: number, failure: SmtpFailure): SendResult {
  const command = failure.command ?? '';
  const enhanced = enhancedCode(failure.response ?? '');
  return {
    kind: 'refused',
    code: enhanced ? `${reply} ${enhanced}` : String(reply),
    // 503 (bad sequence) is about the session's state, not about the message: another connection may take it.
    permanent: reply >= 500 && reply !== 503,
    addressGone: isGone(reply, enhanced, failure),
    class: classOf(reply, enhanced, command),
  };
}

/**
 * What a failed SMTP transaction means for its message.
 * A server takes responsibility only by its reply to the end of the data (RFC 5321 4.1.1.4). So a 4xx or 5xx reply inside the
 * transaction is a refusal; trouble before the first byte of the message is proof that nothing was taken; trouble after it without
 * a reply is ambiguous, however short the way to the final dot still was, for what the kernel sent is not known here.
 */
export function classifySmtpFailure(failure: SmtpFailure, stage: SmtpStage): SendResult {
  const reply = failure.responseCode ?? 0;
  if (reply >= 400 && reply < 600 && stage !== 'connecting') return refusal(reply, failure);
  // Over the size that the server announced: nothing was sent, and nothing ever will be.
  if (failure.code === 'EMESSAGE' && failure.command === 'MAIL FROM') {
    return { kind: 'refused', code: 'MESSAGE_TOO_LARGE', permanent: true, addressGone: false, class: 'payload' };
  }
  const code = failure.code ?? 'SMTP_ERROR';
  return stage === 'body' ? { kind: 'ambiguous', code } : { kind: 'not_sent', code: reply ? `${code} ${reply}` : code };
}
