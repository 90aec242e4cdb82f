import type { EventInput } from './event-row.js';

/** What a public key may not say: anybody can take it out of the app, so it must never be able to make money. */
export function refusedToApp(event: EventInput, ownUserId: string, purchaseEvent: string): { path: string; message: string } | undefined {
  if (event.userId !== ownUserId) return { path: 'userId', message: 'the X-User-Token belongs to another user' };
  if (event.value !== null) return { path: 'value', message: 'an app key may not send events with a value; send them from the backend' };
  if (event.name === purchaseEvent) {
    return { path: 'name', message: `an app key may not send ${purchaseEvent} events; send them from the backend` };
  }
  return undefined;
}
