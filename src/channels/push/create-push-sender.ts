import { readFileSync } from 'node:fs';
import type { Clock } from '../../platform/clock/index.js';
import type { ChannelLog } from '../channel-log.js';
import { appCredential, ownerCredential } from './fcm-credential.js';
import { FcmPushSender } from './fcm-push-sender.js';
import { FcmWire } from './fcm-wire.js';

/** Google's own. */
export const FCM_ORIGIN = 'https://fcm.googleapis.com';
/** What stands in the path where nothing checks it: an endpoint over `http:` is a stand-in. */
const LOCAL_PROJECT = 'rapport-local';

export interface FcmSettings {
  projectId?: string | undefined;
  credentialsFile?: string | undefined;
  /** Origin, used as given. */
  endpoint?: string | undefined;
  /** Connections at most. */
  sessions?: number | undefined;
  timeoutMs?: number | undefined;
}

function parseEndpoint(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(`FCM_ENDPOINT is no URL: ${text}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error(`FCM_ENDPOINT: unknown scheme ${url.protocol}//`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new Error('FCM_ENDPOINT is an origin: no path, query or fragment');
  return url;
}

/** The project of a service account file, where it names one. */
function projectOf(credentialsFile: string | undefined): string | undefined {
  if (!credentialsFile) return undefined;
  const account: unknown = JSON.parse(readFileSync(credentialsFile, 'utf8'));
  const id = (account as { project_id?: unknown } | null)?.project_id;
  return typeof id === 'string' ? id : undefined;
}

/**
 * Builds the sender for FCM. Nothing is contacted before the first send.
 * @throws Error naming the setting that is wrong: an endpoint that is no origin, credentials that cannot be read, no project
 */
export function createPushSender(settings: FcmSettings, clock: Clock, log: ChannelLog): FcmPushSender {
  const endpoint = parseEndpoint(settings.endpoint ?? FCM_ORIGIN);
  const local = endpoint.protocol === 'http:';
  const projectId = settings.projectId ?? (local ? LOCAL_PROJECT : projectOf(settings.credentialsFile));
  if (!projectId) throw new Error('FCM_PROJECT_ID is missing, and GOOGLE_APPLICATION_CREDENTIALS names no project');
  const credential = local ? ownerCredential() : appCredential({ projectId, credentialsFile: settings.credentialsFile, clock, log });
  const wire = new FcmWire({ endpoint, clock, ...(settings.sessions ? { sessions: settings.sessions } : {}) });
  return new FcmPushSender({ projectId, wire, credential, clock, ...(settings.timeoutMs ? { timeoutMs: settings.timeoutMs } : {}) });
}
