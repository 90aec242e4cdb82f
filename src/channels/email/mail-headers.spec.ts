import { isAddress, mailHeader, parseMailbox } from './mail-headers.js';

describe('mailboxes', () => {
  test.each(['a@b.c', 'first.last+tag@sub.example', "o'neil@example", 'ü@exämple.de', 'a@localhost'])('%s is an address', (text) => expect(isAddress(text)).toBe(true));
  test.each(['', 'a', '@b', 'a@', 'a@b@c', 'a b@c', 'a@b,c@d', 'a@b;c', '<a@b>', 'a@b\r\nBcc: x', '"a b"@c', 'g:a@b', 'a@b c', 'a@[1.2.3.4]', `${'x'.repeat(65)}@b`])(
    '%j is none',
    (text) => expect(isAddress(text)).toBe(false),
  );
  test('a display name is split off and its quotes are dropped', () => {
    expect(parseMailbox('"Shop, Inc." <a@b.c>')).toEqual({ name: 'Shop, Inc.', address: 'a@b.c' });
    expect(parseMailbox('a@b.c')).toEqual({ name: '', address: 'a@b.c' });
    expect(parseMailbox('Shop <a@b.c>, x@y.z')).toBeUndefined();
    expect(parseMailbox('Shop\n <a@b.c>')).toBeUndefined();
  });
});

describe('the header of a mail', () => {
  const mail = (content: object, more: object = {}) => ({ messageId: 'm1', to: 'a@b.c', content: { subject: 's', html: 'h', text: 't', ...content }, ...more });
  test('the sender is the template\'s, else MAIL_FROM; a name alone changes only the name', () => {
    expect(mailHeader(mail({}), 'Shop <news@shop.example>')).toMatchObject({ from: { name: 'Shop', address: 'news@shop.example' }, messageId: '<m1@shop.example>' });
    expect(mailHeader(mail({ fromName: 'Ann' }), 'Shop <news@shop.example>')).toMatchObject({ from: { name: 'Ann', address: 'news@shop.example' } });
    expect(mailHeader(mail({ from: 'x@other.example' }), 'Shop <news@shop.example>')).toMatchObject({ from: { name: '', address: 'x@other.example' }, messageId: '<m1@other.example>' });
  });
  test.each<[string, object]>([
    ['to', mail({}, { to: 'a@b.c, d@e.f' })],
    ['subject', mail({ subject: 'a\r\nBcc: x' })],
    ['fromName', mail({ fromName: 'a\0b' })],
    ['from', mail({ from: 'nobody' })],
    ['replyTo', mail({ replyTo: 'a@b.c\n' + 'd@e.f' })],
    ['listUnsubscribeUrl', mail({}, { listUnsubscribeUrl: 'https://x/> <https://evil' })],
    ['listUnsubscribeUrl', mail({}, { listUnsubscribeUrl: 'javascript:alert(1)' })],
    ['messageId', mail({}, { messageId: 'a>b' })],
  ])('a bad %s is named', (badField, broken) => {
    expect(mailHeader(broken as never, 'news@shop.example')).toEqual({ badField });
  });
});
