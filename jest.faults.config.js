import base from './jest.config.js';

// Real worker processes die in these, so one file at a time: they need the two cores for themselves.
export default {
  ...base,
  maxWorkers: 1,
  // Hundreds of faults a test, at night.
  testTimeout: process.env.RAPPORT_FAULT_COUNTS === 'nightly' ? 4 * 3_600_000 : 240_000,
  testMatch: ['<rootDir>/test/crash/**/*.fault-spec.ts'],
  globalSetup: '<rootDir>/test/crash/global-setup.mjs',
};
