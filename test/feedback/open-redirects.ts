const HOSTS = ['evil.example', 'evil.example/x', 'user@evil.example', 'evil.example:443', 'evil.example%2f', 'shop.example@evil.example', 'evil.example#shop.example', 'evil.example?shop.example'];

const FORMS = [
  '//H', '///H', '////H', '/\\H', '\\\\H', '\\/H', 'https:H', 'https:/H', 'https:\\\\H', 'https:///H', 'https://H', 'http://H', 'HtTpS://H', ' https://H',
  '\thttps://H', '%0d%0aLocation: https://H', '\r\nLocation: https://H', 'javascript://H/%0aalert(1)', 'data:text/html,https://H', 'ftp://H',
  '.H', '@H', '/%2f%2fH', '/.//H', '/%5cH', '//%09/H', 'h\tttps://H',
];

/** What scanners and attackers put where a redirect takes its target from. */
export const OPEN_REDIRECTS = FORMS.flatMap((form) => HOSTS.map((host) => form.replace('H', () => host)));
