import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type BlobClient, createBlobStore } from './blobs.ts';
import { pathOf, placeOf, placeSchema } from './places.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-places-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Redis as far as blobs need it. */
function memory(): BlobClient & { readonly held: Map<string, Buffer> } {
  const held = new Map<string, Buffer>();
  return {
    held,
    set: async (key, value) => held.set(key, Buffer.from(value)),
    getBuffer: async key => held.get(key) ?? null,
    unlink: async (...keys) => keys.map(key => held.delete(key)),
  };
}

const HASH = 'a'.repeat(64);
const model = { hash: HASH, folder: join(folder, 'model'), weightsFile: join(folder, 'cache', 'weights.safetensors') };

describe('a path', () => {
  it('of a model travels as its hash, and is the path of the same model there', async () => {
    const blobs = createBlobStore(memory());
    expect(await placeOf(model.folder, [model], blobs)).toEqual({ kind: 'model', hash: HASH });
    expect(await placeOf(model.weightsFile, [model], blobs)).toEqual({ kind: 'weights', hash: HASH });
    const there = { ...model, folder: '/there', weightsFile: '/there/model.safetensors' };
    const ground = { models: new Map([[HASH, there]]), folder, blobs };
    expect(await pathOf({ kind: 'model', hash: HASH }, ground)).toBe('/there');
    expect(await pathOf({ kind: 'weights', hash: HASH }, ground)).toBe('/there/model.safetensors');
    await expect(pathOf({ kind: 'model', hash: 'b'.repeat(64) }, ground)).rejects.toThrow(/does not have/);
  });

  it('of another folder travels as its files, which are laid out once', async () => {
    const redis = memory();
    const blobs = createBlobStore(redis);
    const views = join(folder, 'views');
    const laid = join(folder, 'laid');
    mkdirSync(views);
    mkdirSync(laid);
    writeFileSync(join(views, 'views.json'), '{}');
    const place = await placeOf(views, [model], blobs);
    const ground = { models: new Map(), folder: laid, blobs };
    const path = await pathOf(place, ground);
    expect(readFileSync(join(path!, 'views.json'), 'utf8')).toBe('{}');
    redis.held.clear();
    expect(await pathOf(place, ground)).toBe(path);
    rmSync(path!, { recursive: true });
    expect(await pathOf(place, ground)).toBeUndefined();
  });

  it('that a payload makes up is no place', () => {
    for (const name of ['../x', 'a/b', '.hidden', '', '/etc/passwd', 'a\\b'])
      expect(placeSchema.safeParse({ kind: 'files', files: { [name]: [] } }).success).toBe(false);
    expect(placeSchema.safeParse({ kind: 'path', path: '/etc' }).success).toBe(false);
    expect(placeSchema.safeParse({ kind: 'model', hash: '../..' }).success).toBe(false);
  });
});

describe('a blob', () => {
  it('that is not what its name says is an error, one that is gone is undefined', async () => {
    const redis = memory();
    const blobs = createBlobStore(redis);
    const blob = await blobs.put(Uint8Array.of(1, 2, 3));
    expect(await blobs.get(blob)).toEqual(Buffer.of(1, 2, 3));
    const [key] = [...redis.held.keys()];
    redis.held.set(key!, Buffer.of(9));
    await expect(blobs.get(blob)).rejects.toThrow(/not what its name says/);
    await blobs.drop(blob);
    expect(await blobs.get(blob)).toBeUndefined();
  });

  it('of several parts is put together again', async () => {
    const blobs = createBlobStore(memory());
    const bytes = new Uint8Array(40 * 2 ** 20).map((_, i) => i >> 16);
    const blob = await blobs.put(bytes);
    expect(blob).toHaveLength(3);
    expect(Buffer.compare((await blobs.get(blob))!, bytes)).toBe(0);
  });

  it('that is too large is refused by its sender', async () => {
    const bytes = { length: 2 ** 31 } as Uint8Array;
    await expect(createBlobStore(memory()).put(bytes)).rejects.toThrow(/2048 MiB are more than the 1024 MiB/);
  });
});
