import { classifySmtpFailure } from './smtp-errors.js';
import type { SmtpFailure, SmtpStage } from './smtp-errors.js';

describe('what a failed SMTP transaction means', () => {
  const rcpt = (response: string): SmtpFailure => ({ code: 'EENVELOPE', command: 'RCPT TO', response, responseCode: Number(response.slice(0, 3)) });
  const data = (response: string): SmtpFailure => ({ ...rcpt(response), code: 'EMESSAGE', command: 'DATA' });
  const from = (response: string): SmtpFailure => ({ ...rcpt(response), command: 'MAIL FROM' });

  test.each<[string, SmtpFailure, SmtpStage, object]>([
    ['unknown mailbox', rcpt('550 5.1.1 no such user'), 'envelope', { permanent: true, addressGone: true, class: 'address' }],
    ['unknown mailbox, no enhanced code', rcpt('550 No such user here'), 'envelope', { permanent: true, addressGone: true, class: 'address' }],
    ['disabled mailbox', rcpt('550 5.2.1 disabled'), 'envelope', { permanent: true, addressGone: true, class: 'address' }],
    ['null MX', rcpt('556 5.1.10 no mail here'), 'envelope', { permanent: true, addressGone: true, class: 'address' }],
    ['unknown mailbox, said after the data', data('550 5.1.1 no such user'), 'body', { permanent: true, addressGone: true, class: 'address' }],
    ['full mailbox, permanent', rcpt('552 5.2.2 over quota'), 'envelope', { permanent: true, addressGone: false, class: 'address' }],
    ['policy', rcpt('550 5.7.1 blocked'), 'envelope', { permanent: true, addressGone: false, class: 'config' }],
    ['policy, no enhanced code', rcpt('550 blocked by DNSBL'), 'envelope', { permanent: true, addressGone: false, class: 'address' }],
    ['our own sender', from('550 5.1.1 sender unknown'), 'envelope', { permanent: true, addressGone: false }],
    ['content', data('554 5.6.0 refused'), 'body', { permanent: true, addressGone: false, class: 'payload' }],
    ['content, no enhanced code', data('554 refused'), 'body', { permanent: true, addressGone: false, class: 'payload' }],
    ['busy mailbox', rcpt('450 4.2.1 busy'), 'envelope', { permanent: false, addressGone: false, class: 'address' }],
    ['greylisting', rcpt('451 4.7.1 come back later'), 'envelope', { permanent: false, addressGone: false, class: 'server' }],
    ['server out of space', data('452 try later'), 'body', { permanent: false, addressGone: false, class: 'quota' }],
    ['server closing, said inside the transaction', { code: 'ECONNECTION', command: 'CONN', response: '421 4.3.2 bye', responseCode: 421 }, 'envelope', { code: '421 4.3.2', permanent: false, class: 'server' }],
    ['bad sequence', rcpt('503 5.5.1 sequence'), 'envelope', { permanent: false, addressGone: false }],
    ['over the announced size', { code: 'EMESSAGE', command: 'MAIL FROM' }, 'envelope', { code: 'MESSAGE_TOO_LARGE', permanent: true, class: 'payload' }],
  ])('%s: refused', (_name, failure, stage, expected) => {
    expect(classifySmtpFailure(failure, stage)).toMatchObject({ kind: 'refused', ...expected });
  });

  test.each<[string, SmtpFailure, SmtpStage]>([
    ['no route', { code: 'ESOCKET', command: 'CONN' }, 'connecting'],
    ['DNS', { code: 'EDNS' }, 'connecting'],
    ['TLS', { code: 'ETLS', command: 'STARTTLS' }, 'connecting'],
    ['login', { code: 'EAUTH', responseCode: 535, response: '535 5.7.8 bad', command: 'AUTH PLAIN' }, 'connecting'],
    ['greeting 554', { code: 'EPROTOCOL', responseCode: 554, response: '554 no', command: 'CONN' }, 'connecting'],
    ['lost before the data', { code: 'ECONNECTION', command: 'CONN' }, 'envelope'],
    ['time-out before the data', { code: 'TIMEOUT' }, 'envelope'],
  ])('%s: not sent', (_name, failure, stage) => {
    expect(classifySmtpFailure(failure, stage)).toMatchObject({ kind: 'not_sent' });
  });

  test.each<[string, SmtpFailure]>([
    ['lost', { code: 'ECONNECTION', command: 'CONN' }],
    ['reset', { code: 'ESOCKET', command: 'CONN' }],
    ['time-out', { code: 'TIMEOUT' }],
    ['something unheard of', {}],
  ])('%s once the body is on its way: ambiguous', (_name, failure) => {
    expect(classifySmtpFailure(failure, 'body')).toMatchObject({ kind: 'ambiguous' });
  });
});
