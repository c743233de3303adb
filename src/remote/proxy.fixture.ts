/** A wire between tests and their Redis that can be cut: nothing gets through, and nobody is told. */
import { createServer, connect as open, type Socket } from 'node:net';
import { freePort } from './redis.fixture.ts';

export interface Wire {
  readonly url: string;
  cut(): void;
  mend(): void;
  close(): void;
}

export async function wireTo(port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer(near => {
    const far = open(port, '127.0.0.1');
    const ends = [near, far] as const;
    ends.forEach((end, i) => {
      const other = ends[1 - i]!;
      sockets.add(end);
      end.on('data', data => other.write(data));
      end.on('error', () => {});
      end.on('close', () => {
        sockets.delete(end);
        other.destroy();
      });
      if (!whole) end.pause();
    });
  });
  const own = await freePort();
  await new Promise<void>(resolve => server.listen(own, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${own}`,
    cut() {
      whole = false;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      whole = true;
      for (const socket of sockets) socket.resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
