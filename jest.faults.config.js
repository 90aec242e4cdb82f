import base from './jest.config.js';

// Two files at a time: each has its own database, Redis and provider, and most of a fault's time is waiting: for leases, for starts.
export default {
  ...base,
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/crash/longest-first.mjs',
  // Hundreds of faults a test, at night.
  testTimeout: process.env.RAPPORT_FAULT_COUNTS === 'nightly' ? 4 * 3_600_000 : 900_000,
  testMatch: ['<rootDir>/test/crash/**/*.fault-spec.ts'],
  globalSetup: '<rootDir>/test/crash/global-setup.mjs',
};
