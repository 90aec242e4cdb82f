import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import shared from '../support/global-setup.mjs';

/** The workers under test are the built program, so all of it has to be fresh, not only what starts the servers. */
export default async function globalSetup(config) {
  await ensureBuild();
  await shared(config);
}
