import { isConnectionLoss, isUnavailable } from './pg-errors.js';

const fault = (code: string | undefined, message = ''): Error => Object.assign(new Error(message), { code });

it.each([
  ['no connection left', fault('53300')], ['nobody listens', fault('ECONNREFUSED')], ['its socket is gone', Object.assign(fault('ENOENT'), { syscall: 'connect' })],
  ['the pool is used up', fault(undefined, 'timeout exceeded when trying to connect')], ['it shuts down', fault('57P01')], ['reset', fault('ECONNRESET')],
])('a database that cannot be had is told from a fault of the work: %s', (_, error) => expect(isUnavailable(error)).toBe(true));

it.each([['a row is refused', fault('23505')], ['a deadlock', fault('40P01')], ['our own', new TypeError('x')], ['a file is missing', fault('ENOENT')]])(
  'and %s is not that', (_, error) => expect(isUnavailable(error)).toBe(false));

it('where no connection was given, none was lost: nothing of the work can have been committed', () => {
  expect(isConnectionLoss(fault('53300'))).toBe(false);
});
