import { ConfigError, loadConfig } from './config.js';

describe('configuration', () => {
  it('takes a short secret and names it, so that trying out needs no ceremony and nobody ships it unseen', () => {
    const config = loadConfig({ ADMIN_API_KEY: 'admin', USER_TOKEN_SECRET: 'x'.repeat(16), LINK_SECRET: 'x'.repeat(15) });
    expect(config.env.ADMIN_API_KEY).toBe('admin');
    expect(config.weakSecrets).toEqual(['ADMIN_API_KEY', 'LINK_SECRET']);
    expect(loadConfig({}).weakSecrets).toEqual([]);
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig({ ADMIN_API_KEY: '', PORT: '' }).env).toMatchObject({ PORT: 3000 });
    expect(loadConfig({ ADMIN_API_KEY: '' }).env.ADMIN_API_KEY).toBeUndefined();
  });

  it('names every variable that is wrong', () => {
    expect(() => loadConfig({ PORT: 'http', ROLE: 'chief', DATABASE_URL: 'postgres://a/b' })).toThrow(ConfigError);
    expect(() => loadConfig({ PORT: 'http', ROLE: 'chief', DATABASE_URL: 'postgres://a/b' })).toThrow(/PORT[\s\S]*ROLE[\s\S]*REDIS_URL/);
  });
});
