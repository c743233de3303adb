/**
 * Bytes on their way between machines, kept in Redis under the SHA-256 of their content: in parts, for a limited time. What is
 * read is checked against its name, so it is what was sent or an error; what has been lost (its time ran out, Redis was
 * restarted) is `undefined`, and its sender sends it again. Equal content is stored once, however often it is put.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RecodiError } from '../run/errors.ts';

/** The hashes of the parts. */
export const blobSchema = z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(64);
export type Blob = z.infer<typeof blobSchema>;

/** The commands of ioredis that are used here. */
export interface BlobClient {
  set(key: string, value: Buffer, unit: 'EX', seconds: number): Promise<unknown>;
  getBuffer(key: string): Promise<Buffer | null>;
  unlink(...keys: string[]): Promise<unknown>;
}

export interface BlobStore {
  /** @throws RecodiError('input') for more than a blob may hold. */
  put(bytes: Uint8Array): Promise<Blob>;
  /** Undefined where a part is gone. @throws RecodiError('input') where a part is not what its name says. */
  get(blob: Blob): Promise<Uint8Array | undefined>;
  drop(blob: Blob): Promise<void>;
}

export const BLOB_SECONDS = 15 * 60;
const PART_BYTES = 16 * 2 ** 20;
const MOST_BYTES = 64 * PART_BYTES;

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const keyOf = (hash: string) => `recodi:blob:${hash}`;

export function createBlobStore(redis: BlobClient): BlobStore {
  return {
    async put(bytes) {
      if (bytes.length > MOST_BYTES)
        throw new RecodiError(
          'input',
          `a task's input, result or parameters of ${mebibytes(bytes.length)} are more than the ${mebibytes(MOST_BYTES)} that travel to another machine; use rollout.pool piscina, or smaller chunks.`,
        );
      const blob: string[] = [];
      for (let from = 0; from < Math.max(1, bytes.length); from += PART_BYTES) {
        const part = bytes.subarray(from, from + PART_BYTES);
        const hash = sha256(part);
        await redis.set(keyOf(hash), Buffer.from(part.buffer, part.byteOffset, part.byteLength), 'EX', BLOB_SECONDS);
        blob.push(hash);
      }
      return blob;
    },

    async get(blob) {
      const parts: Buffer[] = [];
      for (const hash of blob) {
        const part = await redis.getBuffer(keyOf(hash));
        if (part === null) return undefined;
        if (part.length > PART_BYTES || sha256(part) !== hash)
          throw new RecodiError('input', `${keyOf(hash)}: its content in Redis is not what its name says.`);
        parts.push(part);
      }
      return Buffer.concat(parts);
    },

    async drop(blob) {
      if (blob.length > 0) await redis.unlink(...blob.map(keyOf));
    },
  };
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
