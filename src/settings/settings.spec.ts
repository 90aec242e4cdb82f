import { DEFAULT_SETTINGS, withDefaults } from './settings.js';

describe('withDefaults', () => {
  it('gives the documented defaults where nothing was set', () => {
    expect(withDefaults({})).toEqual({
      purchaseEvent: 'purchase', currency: 'EUR', defaultTimezone: 'UTC', consent: { push: 'optOut', email: 'optOut' },
      staleDeviceAfter: 'P30D', eventRetention: 'P400D', worthRetention: 'P400D', globalHoldout: 0, margin: 1, messageCost: { push: 0, email: 0 },
      openValue: 0, optOutTolerance: 0.02, messageBudget: { push: null, email: null, window: 'day' },
    });
  });

  it('keeps the other half of a nested setting', () => {
    const settings = withDefaults({ consent: { email: 'optIn' }, messageCost: { push: 0.01 } });
    expect(settings.consent).toEqual({ push: 'optOut', email: 'optIn' });
    expect(settings.messageCost).toEqual({ push: 0.01, email: 0 });
    expect(DEFAULT_SETTINGS.consent.email).toBe('optOut');
  });
});
