import { createServer, type AddressInfo } from 'node:net';

/** A TCP port of the loopback that nobody listens on. Prefer port 0 where the server can tell which it got. */
export function pickFreePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
