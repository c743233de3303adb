/**
 * The static report: the inspector's page with every answer that it would ask the server for inside, in one file that opens from
 * disk. Its Content-Security-Policy knows the page's own script and style by their hashes and lets nothing else run or load.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { RecodiError } from '../run/errors.ts';
import { makeFolder, writeFileAtomic } from '../run/files.ts';
import { inspectorApp } from './app.ts';
import { type BuiltPage, pageFile } from './builtPage.ts';
import type { RunReader } from './runReader.ts';
import type { Problems } from './wire.ts';

/** @returns the file that was written. */
export async function writeReport(folder: string, runs: readonly RunReader[], page: BuiltPage): Promise<string> {
  const path = join(folder, 'index.html');
  const html = reportPage(page, await allAnswers(runs, page));
  makeFolder(folder);
  writeFileAtomic(path, html);
  return path;
}

/** Path -> body, of all that the page can ask for; refusals too, since they say what is missing. */
async function allAnswers(runs: readonly RunReader[], page: BuiltPage): Promise<Record<string, unknown>> {
  const app = inspectorApp(runs, page);
  const answers: Record<string, unknown> = {};
  const ask = async (path: string) => {
    const response = await app.request(`/${path}`, { headers: { host: 'localhost' } });
    answers[path] = await response.json();
    return answers[path];
  };
  await ask('api/runs');
  for (const run of runs.keys()) {
    for (const name of ['metrics', 'evaluation', 'samples', 'audit']) await ask(`api/runs/${run}/${name}`);
    const { views, problems } = (await ask(`api/runs/${run}/problems`)) as Partial<Problems>;
    await ask(`api/runs/${run}/map/pca`);
    for (const { id } of views ?? []) await ask(`api/runs/${run}/map/pca/${encodeURIComponent(id)}`);
    for (const id of problems?.id ?? []) await ask(`api/runs/${run}/problems/${encodeURIComponent(id)}`);
  }
  return answers;
}

function reportPage(page: BuiltPage, answers: Record<string, unknown>): string {
  const script = closed(pageFile(page, '.js').text, 'script');
  const style = closed(pageFile(page, '.css').text, 'style');
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const head = [
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<style>${style}</style>`,
    `<script type="application/json" id="answers">${jsonInScript(answers)}</script>`,
    `<script type="module">${script}</script>`,
  ].join('\n');
  const { text } = pageFile(page, '.html');
  const bare = text.replace(/<script type="module"[^>]*><\/script>/, '').replace(/<link rel="stylesheet"[^>]*>/, '');
  if (bare.includes('src=') || bare.includes('stylesheet'))
    throw new RecodiError('internal', 'the built page loads more than one script and one style sheet; build it again.');
  return bare.replace('</head>', () => `${head}\n</head>`);
}

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A text that ends nothing early where it is put between <tag> and </tag>. */
const closed = (text: string, tag: string) => text.replaceAll(new RegExp(`</(?=${tag})`, 'gi'), '<\\/');

/** JSON in which nothing can end the script element that it stands in. */
const jsonInScript = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');
