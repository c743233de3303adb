/** `recodi config check|schema|show`: looks at configs without running anything. */
import { type Command, Option } from 'commander';
import { type CommonOptions, defineCommand, repeated } from './command.ts';

interface SetOptions extends CommonOptions {
  readonly set?: string[];
}

export function registerConfig(program: Command): void {
  const config = program.command('config').description('check, show and describe configs').helpCommand(false);

  defineCommand<SetOptions>(
    config
      .command('check')
      .description('check a config; every mistake with its line')
      .argument('<config>', 'YAML file')
      .option('--set <key=value>', 'override a key, as ppo.clip=0.1 (repeatable)', repeated),
    {
      examples: ['recodi config check configs/quickstart.yaml'],
      work: async ({ print }, { set = [] }, file = '') => {
        const { loadAnyConfig } = await import('./configKinds.ts');
        const { kind, config } = loadAnyConfig(file, set);
        print(
          { file, kind, name: config.name, ok: true },
          `${file}: a ${kind} config named ${config.name}, without mistakes.`,
        );
      },
    },
  );

  defineCommand<SetOptions>(
    config
      .command('show')
      .description('show a config whole: merged, with defaults filled in, as a run would pin it')
      .argument('<config>', 'YAML file')
      .option('--set <key=value>', 'override a key, as ppo.clip=0.1 (repeatable)', repeated),
    {
      examples: ['recodi config show configs/quickstart.yaml --set ppo.updates=10'],
      work: async ({ print }, { set = [] }, file = '') => {
        const { loadAnyConfig } = await import('./configKinds.ts');
        const { pinnedText } = await import('../run/config/pin.ts');
        const { schema, config } = loadAnyConfig(file, set);
        print(config, () => pinnedText(schema, config, process.cwd()));
      },
    },
  );

  defineCommand<CommonOptions & { readonly kind: 'train' | 'lrm' | 'oracle' }>(
    config
      .command('schema')
      .description('print the JSON Schema of configs, for editors')
      .addOption(new Option('--kind <kind>', 'which configs').choices(['train', 'lrm', 'oracle']).default('train')),
    {
      examples: ['recodi config schema --kind train > train.schema.json'],
      work: async ({ print }, { kind }) => {
        const { jsonSchema } = await import('./configKinds.ts');
        const schema = jsonSchema(kind);
        print(schema, JSON.stringify(schema, null, 2));
      },
    },
  );
}
