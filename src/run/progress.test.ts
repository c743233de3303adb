import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createProgress, formatSeconds } from './progress.ts';

function collected() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk).trimEnd());
      done();
    },
  });
  return { lines, stream: stream as unknown as NodeJS.WriteStream };
}

it('formats seconds as a clock', () => {
  expect([0, 5.4, 65, 3600 + 120 + 3].map(formatSeconds)).toEqual(['0:00', '0:05', '1:05', '1:02:03']);
});

it('writes a line every interval and at the end of a stage where there is no terminal', () => {
  const { lines, stream } = collected();
  let seconds = 0;
  const progress = createProgress({ stream, interval: 10, now: () => seconds });
  progress.stage('warm start', 40);
  for (let done = 1; done <= 40; done++) {
    seconds += 0.5;
    progress.update(done, { loss: 1 / done });
  }
  progress.note('a note');
  progress.stage('ppo', 10);
  seconds += 2;
  progress.update(3, { kl: 0.123456 });
  progress.close();
  expect(lines).toEqual([
    'warm start 20/40  loss 0.05  0:10, 0:10 left',
    'warm start 40/40  loss 0.025  0:20',
    'a note',
    'ppo 3/10  kl 0.123  0:02, 0:05 left',
  ]);
});

it('shows a note on a terminal, even one that comes right before the end', () => {
  const { lines, stream } = collected();
  const progress = createProgress({ stream: Object.assign(stream, { isTTY: true, columns: 80 }) });
  progress.stage('ppo', 10);
  progress.update(3);
  progress.note('Interrupted; go on.');
  progress.close();
  expect(lines.join('\n')).toContain('Interrupted; go on.');
});
