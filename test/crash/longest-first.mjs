import { basename } from 'node:path';

/** Files by how long they take, the longest first: by size, as jest does until it knows, a long one would begin when the others are done. */
const LONGEST = ['crew', 'kill-points', 'settlements', 'servers', 'api', 'planner', 'lost-answers', 'network', 'providers', 'stopped'];

export default class LongestFirst {
  sort(tests) {
    const place = ({ path }) => LONGEST.indexOf(basename(path, '.fault-spec.ts'));
    const [listed, others] = [tests.filter((test) => place(test) >= 0), tests.filter((test) => place(test) < 0)];
    return [...listed.sort((a, b) => place(a) - place(b)), ...others];
  }

  cacheResults() {}

  allFailedTests(tests) {
    return tests;
  }
}
