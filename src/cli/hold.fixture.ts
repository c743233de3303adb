/**
 * For tests, as `node --import …/hold.fixture.ts?task=ppoGradient&nth=11`: the process's 11th task of that name is held up on its way
 * to a worker, which stderr says, until a signal comes: so the signal finds it under way, however fast it would have been.
 * With `forever=true` it never gets there.
 */
import { isMainThread, MessagePort } from 'node:worker_threads';

const ask = new URL(import.meta.url).searchParams;
const wanted = ask.get('task');
let left = Number(ask.get('nth'));

function hold(goOn: () => void): void {
  if (ask.get('forever') === null) for (const name of ['SIGINT', 'SIGTERM']) process.once(name, goOn);
  process.stderr.write(`held ${wanted}\n`);
}

if (isMainThread) {
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...given: Parameters<typeof post>) {
    const goOn = () => post.apply(this, given);
    const message = given[0] as { readonly task?: { readonly name?: string } } | undefined;
    if (message?.task?.name === wanted && --left === 0) hold(goOn);
    else goOn();
  };
}
