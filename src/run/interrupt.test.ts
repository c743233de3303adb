import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';

const script = `
  import { watchInterrupts } from ${JSON.stringify(new URL('./interrupt.ts', import.meta.url).href)};
  const interrupts = watchInterrupts(line => console.log(line), process.argv.includes('viewer') ? 'Ending the viewer.' : undefined);
  setInterval(() => {}, 1000);
  console.log('ready');
  interrupts.signal.addEventListener('abort', () => {
    if (process.argv.includes('stubborn')) return;
    console.log('checkpoint');
    process.exit(interrupts.exitCode());
  });
`;

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, ...args]);
  child.stdout.setEncoding('utf8');
  return child;
}

async function said(child: ReturnType<typeof start>, word: string): Promise<void> {
  let text = '';
  while (!text.includes(word)) text += (await once(child.stdout, 'data'))[0];
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the first %s lets the work finish and exits %i', async (signal, code) => {
  const child = start();
  await said(child, 'ready');
  child.kill(signal);
  await said(child, 'checkpoint');
  expect((await once(child, 'exit'))[0]).toBe(code);
});

it.each([
  [[], /a run is saved/],
  [['viewer'], /^Ending the viewer\.\n/],
])('says what becomes of the work, %j', async (args, sentence) => {
  const child = start(...args);
  await said(child, 'ready');
  child.kill('SIGINT');
  expect((await once(child.stdout, 'data'))[0]).toMatch(sentence);
  await once(child, 'exit');
});

it('the second ends the process at once, as that signal does', async () => {
  const child = start('stubborn');
  await said(child, 'ready');
  child.kill('SIGINT');
  await said(child, 'Once more');
  await sleep(600);
  child.kill('SIGINT');
  expect((await once(child, 'exit'))[1]).toBe('SIGINT');
});

it('that of npm and that of the terminal are one, where both hand on the same keypress', async () => {
  const child = start('stubborn');
  await said(child, 'ready');
  child.kill('SIGINT');
  await said(child, 'Once more');
  child.kill('SIGINT');
  await sleep(100);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  child.kill('SIGKILL');
  await once(child, 'exit');
});
