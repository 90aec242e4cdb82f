import { spawnSync } from 'node:child_process';
import { armFaults, failpoint, faultsOf, InjectedFault, parseFaults, passesOf } from './failpoints.js';

afterEach(() => armFaults([]));

describe('failpoints', () => {
  it.each([undefined, '', 'production', 'development', 'TEST'])('are inert under NODE_ENV=%s', (NODE_ENV) => {
    expect(faultsOf({ NODE_ENV, FAILPOINT: 'query.before:1:kill' })).toEqual([]);
  });

  it('cannot be armed from within a process that is no test', () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    armFaults([{ name: 'a', nth: 1, action: 'throw' }]);
    process.env['NODE_ENV'] = before;
    expect(() => failpoint('a')).not.toThrow();
  });

  it('strike at the n-th passing and only then', () => {
    armFaults([{ name: 'a', nth: 2, action: 'throw' }]);
    failpoint('a');
    failpoint('b');
    expect(() => failpoint('a')).toThrow(InjectedFault);
    failpoint('a');
    expect(passesOf('a')).toBe(3);
  });

  it.each(['a', 'a:0:kill', 'a:1:explode', 'a:1'])('refuse %s rather than never strike', (text) => {
    expect(() => parseFaults(text)).toThrow(text);
  });

  it('kill at once: nothing behind the point runs', () => {
    const script = `process.kill(process.pid, 'SIGKILL'); require('fs').writeSync(1, 'still here')`;
    expect(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toMatchObject({ signal: 'SIGKILL', stdout: '' });
  });
});
