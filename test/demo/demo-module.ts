/** The demo is plain Node: its modules have no declarations, so each test says what it takes from them. */
export async function demoModule<T>(name: string): Promise<T> {
  return (await import(new URL(`../../scripts/demo/${name}.mjs`, import.meta.url).href)) as T;
}
