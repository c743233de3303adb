/** What the texts that were read make the model answer when they stand in the latents' place. */
import type { Thought } from '../src/inspect/wire.ts';
import { stepsName, visible } from './format.ts';

export const Answers = ({ thoughts }: { readonly thoughts: readonly Thought[] }) => (
  <table class="answers">
    <caption>with a text in the latents' place</caption>
    <tbody>
      {thoughts.map(({ view, steps, answer }) => (
        <tr key={view}>
          <th scope="row" title={view}>
            {stepsName(steps).replace('latent ', '')}
          </th>
          <td class="text">{visible(answer.explained)}</td>
          <td>{answer.same ? '= same' : '≠ another'}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
