import type { MessageRef } from '../planning/index.js';

/** The links of one message, absolute. */
export interface MessageLinks {
  readonly unsubscribe: string;
  readonly preferences: string;
}

/** What delivery needs of feedback. A port, because feedback stands behind delivery on the data's way. */
export abstract class LinkPort {
  abstract forMessage(ref: MessageRef): MessageLinks;
  /** Stores every http(s) href of the mail, replaces it by its click link and adds the open pixel. */
  abstract trackHtml(html: string, ref: MessageRef): Promise<string>;
}
