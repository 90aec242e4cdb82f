/** `npm run import -- FILE --type …`: a thin client of /v1/imports. Needs no packages and no build. */
import { HELP, readOptions } from './import/options.mjs';
import { runImport } from './import/run.mjs';
import { failWith } from './lib/run.mjs';

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) console.log(HELP);
  else process.exit(await runImport(options));
} catch (error) {
  failWith(error);
}
