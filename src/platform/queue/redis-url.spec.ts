import { redisOptions } from './redis-url.js';

describe('a Redis URL', () => {
  it.each([
    ['redis://cache', { host: 'cache', port: 6379, db: 0 }],
    ['redis://:p%40ss@cache:6380/3', { host: 'cache', port: 6380, db: 3, password: 'p@ss' }],
    ['redis://me:secret@127.0.0.1:1', { host: '127.0.0.1', port: 1, db: 0, username: 'me', password: 'secret' }],
    ['redis://[::1]:6379', { host: '::1', port: 6379, db: 0 }],
    ['rediss://cache.example', { host: 'cache.example', port: 6379, db: 0, tls: { servername: 'cache.example' } }],
    ['unix:///run/my%20redis.sock', { path: '/run/my redis.sock', db: 0 }],
    ['unix:///run/redis.sock?db=2', { path: '/run/redis.sock', db: 2 }],
  ])('%s becomes what ioredis and Bull take', (url, options) => {
    expect(redisOptions(url)).toEqual(options);
  });

  it.each([
    ['nonsense', 'is not a URL'],
    ['http://cache', 'must start with redis://, rediss:// or unix://'],
    ['unix://relative.sock', 'must name a socket by its full path, as in unix:///run/redis.sock'],
    ['redis://:topsecret@cache/main', 'must name the database by its number'],
  ])('%s is refused without repeating it, for it may hold a password', (url, reason) => {
    expect(() => redisOptions(url)).toThrow(new TypeError(reason));
  });
});
