/** The warm start as a phase of a training: from free texts, or from the policy that the config names. */
import { initialPolicy } from '../../policies/languageModel.ts';
import { createLearner, type LearnerState } from '../lm/learner.ts';
import { readFreeTexts } from '../lrm/targets.ts';
import { standardise } from '../lrm/views.ts';
import { stream } from '../run/random.ts';
import { checkpointSchedule } from '../run/schedule.ts';
import { noteStep, stopIfStuck } from '../run/skips.ts';
import { type Job, type Start, save } from './job.ts';
import { loadPolicy, policyFolder, savePolicy } from './policyFiles.ts';
import { runWarmStart } from './warmStart.ts';

/** The policy that PPO starts from; undefined where the signal came first. */
export async function warmStart(job: Job, kept: LearnerState | undefined): Promise<Start | undefined> {
  const { config, paths, pool, prepared, spec, progress, signal } = job;
  const settings = config.warm_start;
  const folder = policyFolder(paths, 'warm_start');
  if (config.policy.init !== undefined) {
    const start = loadPolicy(config.policy.init, spec);
    savePolicy(folder, spec, start.params, start.text);
    return start;
  }
  const { text } = prepared.views;
  const initial = kept?.params ?? initialPolicy(spec, stream(config.seed, 'policy.init'));
  const optimizer = { beta2: 0.999, weightDecay: settings.weight_decay, maxGradNorm: settings.max_grad_norm };
  const learner = createLearner({ pool, id: 'warm_start', params: initial, optimizer, ...(kept && { state: kept }) });
  let { done } = job.state;
  if (done < settings.steps) {
    progress.stage('reading free texts', settings.pool);
    const { encode } = prepared.client.lrm.tokenizer;
    const free = await readFreeTexts(prepared.client, prepared.world, prepared.sets.get('train')!.problems, {
      count: settings.pool,
      maxWords: config.policy.max_new_tokens - 1,
      context: config.targets.context,
      seed: config.seed,
      purpose: 'warm_start.text',
      onProgress: done => progress.update(done),
    });
    progress.stage('warm start', settings.steps);
    const started = performance.now();
    const skips = { skipped: 0, skippedInRow: 0 };
    const schedule = checkpointSchedule({ every: settings.checkpoint_every, minutes: config.ppo.checkpoint_minutes });
    done = await runWarmStart({
      learner,
      policy: spec,
      settings,
      data: { texts: free.texts.map(encode), z: standardise(text, free.states), questions: free.questions },
      width: config.policy.max_new_tokens,
      seed: config.seed,
      from: done,
      signal,
      onStep(step, metrics) {
        job.metrics.write({ phase: 'warm_start', update: step }, metrics);
        noteStep(skips, metrics.skipped_updates === 1);
        const advice = `lower warm_start.lr (now ${settings.lr})`;
        stopIfStuck(skips, paths.checkpoints, { where: `warm start, step ${step}`, advice });
        progress.update(step, { loss: metrics['warm_start/loss']! });
        if (schedule.due(step) && step < settings.steps) {
          save(job, { ...job.state, phase: 'warm_start', done: step }, step, learner.state());
          schedule.saved();
        }
      },
    });
    job.state.seconds += (performance.now() - started) / 1000;
    save(job, { ...job.state, phase: 'warm_start', done }, done, learner.state());
  }
  if (done < settings.steps) return undefined;
  const { params } = learner.state();
  savePolicy(folder, spec, params, text);
  return { params, text };
}
