/** The inspector's server: on the loopback alone, until it is told to end. */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { RecodiError } from '../run/errors.ts';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws RecodiError('usage') where the port is taken. */
export function listen(app: Hono, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, ({ port: bound }: AddressInfo) =>
      resolve({ url: `http://127.0.0.1:${bound}/`, close }),
    );
    const close = () =>
      new Promise<void>(closed => {
        server.close(() => closed());
        // Pages that listen for new lines keep their connections.
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
    server.on('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE' || cause.code === 'EACCES';
      const why = taken
        ? `port ${port} is not to be had (${cause.code}); choose another --port, or leave it out`
        : cause.message;
      reject(new RecodiError('usage', `${why}.`, { cause }));
    });
  });
}
