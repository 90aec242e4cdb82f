import { Logger } from '@nestjs/common';
import { createSenders, type Senders } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';

export type { Senders } from '../channels/index.js';
export const SENDERS = Symbol('senders');

/** The channels as the environment asks for them; without settings, the sandbox. */
export const sendersProvider = {
  provide: SENDERS,
  inject: [Config, Clock],
  useFactory: ({ env }: Config, clock: Clock): Senders => createSenders({
    clock,
    log: new Logger('channels'),
    fcm: {
      projectId: env.FCM_PROJECT_ID, credentialsFile: env.GOOGLE_APPLICATION_CREDENTIALS, endpoint: env.FCM_ENDPOINT,
      timeoutMs: env.REQUEST_TIMEOUT_MS,
    },
    smtp: { url: env.SMTP_URL, from: env.MAIL_FROM, timeoutMs: env.REQUEST_TIMEOUT_MS },
  }),
};
