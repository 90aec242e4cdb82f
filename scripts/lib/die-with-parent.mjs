/** Preloaded into jest and, through it, into its workers: a killed parent takes them along. */
import { watchParent } from './parent-watch.mjs';

watchParent(() => process.exit(1));
