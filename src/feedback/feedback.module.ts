import { Global, Module } from '@nestjs/common';
import { LinkPort } from '../delivery/index.js';
import { EventsModule } from '../events/index.js';
import { RecipientsModule } from '../recipients/index.js';
import { SettingsModule } from '../settings/index.js';
import { AppEventsController } from './app-events.controller.js';
import { AppEvents } from './app-events.js';
import { Conversions } from './conversions.js';
import { Links } from './links.js';
import { MailServerEvents } from './mail-server-events.js';
import { MessageEvents } from './message-events.js';
import { MessageReports } from './message-reports.js';
import { Messages } from './messages.js';
import { OptOutCredit } from './opt-out-credit.js';
import { OptOuts } from './opt-outs.js';
import { PreferencesController } from './preferences.controller.js';
import { ProviderEventsController } from './provider-events.controller.js';
import { TrackedLinks } from './tracked-links.js';
import { Tracking } from './tracking.js';
import { TrackingController } from './tracking.controller.js';
import { UnsubscribeController } from './unsubscribe.controller.js';

/** Global, because delivery stands before it on the data's way and reaches it only through its LinkPort. */
@Global()
@Module({
  imports: [EventsModule, RecipientsModule, SettingsModule],
  controllers: [AppEventsController, TrackingController, UnsubscribeController, PreferencesController, ProviderEventsController],
  providers: [
    AppEvents, Conversions, Links, MailServerEvents, MessageEvents, MessageReports, Messages, OptOutCredit, OptOuts, TrackedLinks, Tracking,
    { provide: LinkPort, useExisting: Links },
  ],
  exports: [Links, LinkPort],
})
export class FeedbackModule {}
