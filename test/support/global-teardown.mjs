/** Stops what global-setup.mjs started; the guardian removes the folder. */
export default async function globalTeardown() {
  await globalThis.rapportEmbedded?.stop();
}
