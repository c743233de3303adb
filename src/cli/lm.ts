/** `recodi lm generate|ppl`: an ordinary language model in a Hugging Face folder, to see that it is read rightly. */
import { type Command, Option } from 'commander';
import type { DeviceChoice } from '../tensor/devices.ts';
import { type CommonOptions, defineCommand, wholeNumber } from './command.ts';

interface DeviceOptions extends CommonOptions {
  readonly device: DeviceChoice;
  readonly int8?: boolean;
}

interface GenerateOptions extends DeviceOptions {
  readonly chat?: boolean;
  readonly maxNewTokens: number;
}

const deviceOption = () =>
  new Option('--device <device>', 'what computes').choices(['auto', 'onnx', 'tensorflow', 'cpu']).default('auto');

const int8Option = () =>
  new Option(
    '--int8',
    'read the weights as 8-bit integers (on the onnx device): less memory, faster, a little less exact',
  );

/** Computes in this thread: one text at a time has no use for a pool. */
async function onDevice<T>(device: DeviceChoice, work: () => Promise<T>): Promise<T> {
  const { closeEngine, useDevice } = await import('../tensor/index.ts');
  await useDevice(device);
  try {
    return await work();
  } finally {
    await closeEngine();
  }
}

export function registerLm(program: Command): void {
  const lm = program
    .command('lm')
    .description('language models: continue a text, measure perplexity')
    .helpCommand(false);

  defineCommand<GenerateOptions>(
    lm
      .command('generate')
      .description('continue a prompt greedily; prints what follows it')
      .argument('<folder>', 'the model: config.json, safetensors, tokenizer.json')
      .argument('<prompt>', 'text to continue')
      .option('--chat', "answer the prompt as a user's message, by the model's chat template")
      .option('--max-new-tokens <n>', 'longest continuation', wholeNumber, 64)
      .addOption(int8Option())
      .addOption(deviceOption()),
    {
      examples: ['recodi lm generate SmolLM2-135M-Instruct "The capital of France is"'],
      work: async (
        { print, signal },
        { chat = false, maxNewTokens, int8 = false, device },
        folder = '',
        prompt = '',
      ) => {
        const { generateText } = await import('../lm/generate.ts');
        const written = await onDevice(device, () =>
          generateText(folder, prompt, { chat, maxNewTokens, int8, signal }),
        );
        print(written, written.text);
      },
    },
  );

  defineCommand<DeviceOptions>(
    lm
      .command('ppl')
      .description('perplexity of a text file')
      .argument('<folder>', 'the model')
      .argument('<file>', 'text, UTF-8')
      .addOption(int8Option())
      .addOption(deviceOption()),
    {
      examples: ['recodi lm ppl SmolLM2-135M-Instruct README.md'],
      work: async ({ print, signal }, { int8 = false, device }, folder = '', file = '') => {
        const { perplexity } = await import('../lm/perplexity.ts');
        const { readText } = await import('../run/files.ts');
        const text = readText(file);
        const result = await onDevice(device, () => perplexity(folder, text, { int8, signal }));
        print(result, `perplexity ${result.perplexity.toFixed(4)} over ${result.scored} of ${result.tokens} tokens`);
      },
    },
  );
}
