/**
 * The way to Redis: loads bullmq and ioredis, which are installed only where they are used, and opens connections that outlive
 * a restart or a cut of the network. Commands wait until the connection is back; only the first one must come in time, so that
 * a wrong URL is an error and not a silence. No message shows a password.
 */
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { RecodiError } from '../run/errors.ts';
import { readText } from '../run/files.ts';
import { optionalPackages } from '../run/package.ts';

const FIRST_ANSWER_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
const MOST_DELAY_MS = 2000;
/** Bytes of a file that holds a URL. */
const LONGEST_ADDRESS = 2 ** 16;

export async function loadPackages() {
  try {
    const [{ Queue, QueueEvents, Worker }, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { Queue, QueueEvents, Worker, Redis };
  } catch (cause) {
    const packages = Object.entries(optionalPackages()).map(([name, version]) => `${name}@${version}`);
    throw new RecodiError(
      'usage',
      `Work on other machines needs two more packages; install them with: npm install ${packages.join(' ')}`,
      { cause },
    );
  }
}

/** `redis://…` or `rediss://…`; `file://…` names a file that holds the URL, for one with a password. */
function addressOf(url: string): URL {
  const text = url.startsWith('file:') ? secretFile(url) : url;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed && /^rediss?:$/.test(parsed.protocol) && parsed.hostname !== '') return parsed;
  const where = url.startsWith('file:') ? `${url}: ` : '';
  throw new RecodiError(
    'config',
    `${where}expected a Redis URL, as redis://host:6379 or rediss://user:password@host:6380/0`,
  );
}

function secretFile(url: string): string {
  return readText(fileURLToPath(url), LONGEST_ADDRESS).trim();
}

export interface Connections {
  /** The URL without user and password. */
  readonly shown: string;
  readonly commands: Redis;
  /** One more connection, for a reader that blocks; closed with the others. */
  another(): Redis;
  close(): void;
}

/**
 * Opens the first connection. `say` hears of losses and returns.
 * @throws RecodiError('config') for a URL that is none, RecodiError('input') where nothing answers.
 */
export async function connect(url: string, say: (sentence: string) => void): Promise<Connections> {
  const { Redis } = await loadPackages();
  const address = addressOf(url);
  const shown = `${address.protocol}//${address.host}${address.pathname}`;
  const open: Redis[] = [];
  const another = () => {
    const client = new Redis(address.href, {
      maxRetriesPerRequest: null,
      keepAlive: KEEP_ALIVE_MS,
      retryStrategy: times => Math.min(100 * times, MOST_DELAY_MS),
    });
    client.on('error', () => {});
    open.push(client);
    return client;
  };
  const close = () => {
    for (const client of open) client.disconnect();
  };
  const commands = another();
  try {
    await firstAnswer(commands, shown);
  } catch (error) {
    close();
    throw error;
  }
  let lost = false;
  commands.on('close', () => {
    if (!lost) say(`Lost the connection to Redis at ${shown}; trying again until it is back.`);
    lost = true;
  });
  commands.on('ready', () => {
    if (lost) say(`Redis at ${shown} is back.`);
    lost = false;
  });
  return {
    shown,
    commands,
    another,
    close() {
      commands.removeAllListeners('close');
      close();
    },
  };
}

function firstAnswer(client: Redis, shown: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason = 'no answer';
    const fail = () =>
      reject(
        new RecodiError(
          'input',
          `${shown}: Redis cannot be used: ${reason}; start redis-server there, or correct the URL.`,
        ),
      );
    const timer = setTimeout(fail, FIRST_ANSWER_MS);
    client.on('error', (error: Error & { code?: string }) => {
      reason = error.message || error.code || reason;
      if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) fail();
    });
    client
      .ping()
      .then(
        () => resolve(),
        error => {
          reason = (error as Error).message;
          fail();
        },
      )
      .finally(() => clearTimeout(timer));
  });
}
