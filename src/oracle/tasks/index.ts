/** The registry of tasks. A new one is its entry here; its weight in a config's `tasks` puts it into a mixture. */
import { contrastive, criticalStep, earlyAnswer, redundantSteps, settlingStep, stepAblation } from './interventions.ts';
import { question, questionEntities, questionNumbers, questionOperations } from './question.ts';
import { goldTasks, labelTasks } from './readings.ts';
import { CANNOT_TELL, NO, NONE, type OracleTask, YES } from './task.ts';
import { lensEntropy, lensTokens, stepDifference, whichStep } from './vectors.ts';

export { asked, type Case, type OracleTask } from './task.ts';

export const TASKS: readonly OracleTask[] = [
  ...[stepAblation, criticalStep, redundantSteps, earlyAnswer, settlingStep, contrastive],
  ...[lensTokens, lensEntropy, whichStep, stepDifference],
  ...[question, questionNumbers, questionOperations, questionEntities],
  ...labelTasks,
  ...goldTasks,
];

export const TASK_NAMES: readonly string[] = TASKS.map(({ name }) => name);

export const taskNamed = (name: string): OracleTask | undefined => TASKS.find(task => task.name === name);

/** Every word that stands in a question or is of the answers' own, where words are what lies between spaces. */
export function taskWords(): string[] {
  const asks = TASKS.flatMap(({ asks, held }) => [...asks, ...held]).map(way => way.replaceAll(/\{\w+\}/g, ''));
  const answers = [YES, NO, NONE, CANNOT_TELL, 'and , ; : new gone to step'];
  return [...new Set([...asks, ...answers].flatMap(text => text.split(/\s+/)).filter(word => word !== ''))].sort();
}
