/** Before all tests: a folder for what one of them makes and others need too, gone after the last one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    kept: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-kept-'));
  project.provide('kept', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
