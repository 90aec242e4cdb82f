import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { createSenders, type DkimOptions, type Senders } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';

export type { Senders } from '../channels/index.js';
export const SENDERS = Symbol('senders');

/** @throws Error naming the variable where the key cannot be read: mail must not go out unsigned because of a wrong path. */
function dkimOf({ DKIM_DOMAIN, DKIM_SELECTOR, DKIM_KEY_FILE }: Config['env']): DkimOptions | undefined {
  if (!DKIM_DOMAIN || !DKIM_SELECTOR || !DKIM_KEY_FILE) return undefined;
  try {
    const privateKey = readFileSync(DKIM_KEY_FILE, 'utf8');
    createPrivateKey(privateKey);
    return { domainName: DKIM_DOMAIN, keySelector: DKIM_SELECTOR, privateKey };
  } catch (error) {
    throw new Error(`DKIM_KEY_FILE is no readable private key: ${(error as Error).message}`);
  }
}

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
    smtp: { url: env.SMTP_URL, from: env.MAIL_FROM, dkim: dkimOf(env), timeoutMs: env.REQUEST_TIMEOUT_MS },
  }),
};
