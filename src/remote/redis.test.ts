import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freePort, hasRedis, startRedis } from './redis.fixture.ts';
import { connect } from './redis.ts';
import { startWorker, until } from './workers.fixture.ts';

const quiet = () => {};

describe.concurrent('an address', () => {
  it('that is none is a config error', async () => {
    for (const url of ['http://x', 'redis', 'redis://'])
      await expect(connect(url, quiet)).rejects.toMatchObject({ code: 'config', message: /expected a Redis URL/ });
  });

  it('where nothing answers is an error without its password', async () => {
    const port = await freePort();
    const failing = connect(`redis://user:sesame@127.0.0.1:${port}/2`, quiet);
    await expect(failing).rejects.toMatchObject({ code: 'input' });
    await expect(failing).rejects.toThrow(`redis://127.0.0.1:${port}/2: Redis cannot be used`);
    await expect(failing).rejects.not.toThrow(/sesame/);
  });
});

describe.skipIf(!hasRedis).concurrent('a Redis', () => {
  it('with a password is opened by the URL, or by a file that holds it', async ({ onTestFinished }) => {
    const redis = await startRedis(['--requirepass', 'sesame']);
    onTestFinished(redis.remove);
    const address = `127.0.0.1:${redis.port}`;
    for (const url of [`redis://${address}`, `redis://:simsalabim@${address}`])
      await expect(connect(url, quiet)).rejects.toThrow(/NOAUTH|WRONGPASS/);
    const file = join(redis.folder, 'url');
    writeFileSync(file, `redis://:sesame@${address}/3\n`);
    const connections = await connect(pathToFileURL(file).href, quiet);
    expect(connections.shown).toBe(`redis://${address}/3`);
    expect(await connections.commands.ping()).toBe('PONG');
    connections.close();
  });

  it('with TLS is opened by rediss://, with the authority that Node is told of', async context => {
    const port = await freePort();
    const redis = await startRedis();
    context.onTestFinished(redis.remove);
    const { folder } = redis;
    await redis.stop();
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')],
    ]);
    if (made.status !== 0) return context.skip('no openssl to make a certificate with');
    const files = ['--tls-cert-file', join(folder, 'cert'), '--tls-key-file', join(folder, 'key')];
    const own = ['--tls-port', String(port), '--tls-ca-cert-file', join(folder, 'cert'), '--tls-auth-clients', 'no'];
    const secure = await startRedis([...own, ...files]);
    const url = `rediss://localhost:${port}`;
    await expect(connect(url, quiet)).rejects.toThrow(/self-signed certificate/);
    const entry = 'src/remote/worker.fixture.ts';
    const worker = startWorker(url, [], { entry, env: { NODE_EXTRA_CA_CERTS: join(folder, 'cert') } });
    await until(() => worker.said().includes(`waiting for runs at ${url}`));
    await worker.stop();
    await secure.remove();
  });
});
