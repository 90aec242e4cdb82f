import { parseSmtpUrl } from './smtp-url.js';

describe('SMTP_URL', () => {
  test('host, port, user and password, percent-decoded', () => {
    expect(parseSmtpUrl('smtp://u%40x:p%3Aw@mail.example:2525?requireTLS=true')).toEqual({
      host: 'mail.example',
      port: 2525,
      secure: false,
      auth: { user: 'u@x', pass: 'p:w' },
      requireTLS: true,
    });
    expect(parseSmtpUrl('smtps://[::1]')).toEqual({ host: '::1', port: 465, secure: true });
    expect(parseSmtpUrl('smtp://mail.example')).toMatchObject({ port: 587, secure: false });
  });

  test.each(['mail.example:25', 'http://mail.example', 'nonsense', 'smtp://h?maxRequeues=9', 'smtp://h?disableFileAccess=false', 'smtp://h?requireTLS=maybe'])(
    '%s is refused: an option of the URL must not reach the library unseen',
    (text) => expect(() => parseSmtpUrl(text)).toThrow(/^SMTP_URL/),
  );

  test('an error never repeats the password', () => {
    expect(() => parseSmtpUrl('smtp://u:hunter2@h?x=1')).toThrow(expect.not.stringContaining('hunter2') as unknown as string);
    try {
      parseSmtpUrl('smtp://u:hunter2@h?x=1');
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
    }
  });
});
