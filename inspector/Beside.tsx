/** What stands beside a reading: the gold text's scores, which are its ceiling, and the bank's texts that are nearest to the thought. */
import type { Label } from '../src/inspect/wire.ts';
import { route } from './route.ts';
import { FVE, SIMILARITY } from './ThoughtCard.tsx';
import { Part, Score, Text } from './ThoughtDetails.tsx';

/** A row among what a reading is held against. Its text is the world's, and hidden as all gold is. */
export function Ceiling({ text, similarity, fve }: Label['gold']['ceiling']) {
  return (
    <tr>
      <th scope="row">
        the gold text, the ceiling
        {route.value.params.get('gold') === '1' ? <Text text={text} /> : <span class="unknown">hidden: press g</span>}
      </th>
      <Score value={similarity} range={SIMILARITY} />
      <Score value={fve} range={FVE} />
    </tr>
  );
}

export function Nearest({ nearest }: Pick<Label, 'nearest'>) {
  return (
    <Part
      title="Nearest in the bank"
      note="Free texts of the world whose states lie nearest to the thought; with this question before them, where a text is read with one."
    >
      {nearest.length === 0 ? (
        <p class="unknown">none</p>
      ) : (
        <table class="scores">
          <tbody>
            {nearest.map(({ text, similarity }) => (
              <tr key={text}>
                <td>
                  <Text text={text} />
                </td>
                <Score value={similarity} range={SIMILARITY} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Part>
  );
}
