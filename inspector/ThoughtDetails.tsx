/** All that is known of one step's reading: what it is held against, what else might stand there, what the thought is there for. */
import type { ComponentChildren } from 'preact';
import type { Thought } from '../src/inspect/wire.ts';
import { type Range, ScoreBar } from './Bars.tsx';
import { Ceiling, Nearest } from './Beside.tsx';
import { decimal, percent, stepsName, visible } from './format.ts';
import { Changed } from './Question.tsx';
import { CONTROL_NAMES, CONTROLS, FVE, SIMILARITY } from './ThoughtCard.tsx';

const SHARE: Range = { from: 0, to: 1 };

export function Score({ value, range }: { readonly value: number; readonly range: Range }) {
  return (
    <td class="score">
      <span class="number">{decimal(value)}</span>
      <ScoreBar value={value} range={range} />
    </td>
  );
}

export const Text = ({ text }: { readonly text: string }) =>
  text === '' ? <span class="unknown">(no text)</span> : <span class="text">{visible(text)}</span>;

export function Part({ title, note, children }: { title: string; note: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h4>{title}</h4>
      <p class="note">{note}</p>
      {children}
    </section>
  );
}

function Controls({ label }: { readonly label: Thought }) {
  const { explanation, scores, controls, gold } = label;
  return (
    <Part
      title="Against what reads nothing"
      note="The same thought, and texts that were found without it. FVE 0 is the mean."
    >
      <table class="scores">
        <thead>
          <tr>
            <th scope="col">text of</th>
            <th scope="col" class="number">
              similarity
            </th>
            <th scope="col" class="number">
              FVE
            </th>
          </tr>
        </thead>
        <tbody>
          <tr class="own">
            <th scope="row">
              this thought
              <Text text={explanation ?? ''} />
            </th>
            <Score value={scores.similarity} range={SIMILARITY} />
            <Score value={scores.fve} range={FVE} />
          </tr>
          {CONTROL_NAMES.map(name => (
            <tr key={name}>
              <th scope="row">
                {CONTROLS[name]}
                <Text text={controls[name].text} />
              </th>
              <Score value={controls[name].similarity} range={SIMILARITY} />
              <Score value={controls[name].fve} range={FVE} />
            </tr>
          ))}
          <tr>
            <th scope="row">the same text, against other problems' thoughts</th>
            <Score value={scores.similarity - scores.gap} range={SIMILARITY} />
            <td />
          </tr>
          {gold && <Ceiling {...gold.ceiling} />}
        </tbody>
      </table>
    </Part>
  );
}

function Alternatives({ label: { alternatives } }: { readonly label: Thought }) {
  return (
    <Part title="What else was tried" note="Further candidates, as the decoding ranked them.">
      {alternatives.length === 0 ? (
        <p class="unknown">none</p>
      ) : (
        <table class="scores">
          <tbody>
            {alternatives.map(({ text, similarity }) => (
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

function Lens({ label: { lens, steps } }: { readonly label: Thought }) {
  return (
    <Part title="Logit lens" note="The first tokens that the model's own head reads in the latent.">
      {lens.map((tokens, index) => (
        <p key={steps[index]} class="lens">
          {lens.length > 1 && <span class="unknown">{steps[index]}</span>}
          {tokens.map((token, rank) => (
            <span key={rank} class="token">
              {visible(token)}
            </span>
          ))}
        </p>
      ))}
    </Part>
  );
}

const SITES = { input: "next step's input", readout: 'readout' } as const;
const KINDS = ['swap', 'zero', 'mean', 'noise'] as const;

/** Of several steps the one that changes most. */
const most = (shares: readonly (number | null)[]) =>
  shares.reduce<number | null>((a, b) => (a === null || (b !== null && b > a) ? b : a), null);

function Causal({ label: { causal, steps } }: { readonly label: Thought }) {
  return (
    <Part
      title="What it is there for"
      note={`How often the answer changes when the thought is replaced, in %${steps.length > 1 ? '; of its steps the one that matters most' : ''}.`}
    >
      <table class="scores causal">
        <thead>
          <tr>
            <th scope="col">replaced</th>
            {KINDS.map(kind => (
              <th scope="col" key={kind} class="number">
                {kind}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(['input', 'readout'] as const).map(site => (
            <tr key={site}>
              <th scope="row">{SITES[site]}</th>
              {KINDS.map(kind => {
                const share = most(causal[site][kind]);
                return (
                  <td key={kind} class="score">
                    <span class="number">{percent(share)}</span>
                    {share !== null && <ScoreBar value={share} range={SHARE} />}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function Edits({ label: { edits, question } }: { readonly label: Thought }) {
  if (!edits) return null;
  return (
    <Part
      title="When the question is edited"
      note="The model thinks again and is read again; the reading should be what this one predicts."
    >
      {edits.length === 0 && <p class="unknown">no number of the question could be edited</p>}
      {edits.map(edit => (
        <dl class="edit" key={edit.question}>
          <dt>{edit.follows ? '✓ follows' : '✕ does not follow'}</dt>
          <dd>
            <Changed before={question} after={edit.question} />
          </dd>
          <dt>predicted</dt>
          <dd>
            <Text text={edit.predicted} />
          </dd>
          <dt>read</dt>
          <dd>
            <Changed before={edit.predicted} after={edit.explanation} text />
          </dd>
        </dl>
      ))}
    </Part>
  );
}

export function ThoughtDetails({ label }: { readonly label: Thought }) {
  const { scores, nearest, provenance } = label;
  return (
    <section class="details" aria-label={`Details of ${stepsName(label.steps)}`}>
      <h3>{stepsName(label.steps)}, in full</h3>
      <div class="parts">
        <Controls label={label} />
        <Alternatives label={label} />
        {nearest && <Nearest nearest={nearest} />}
        <Causal label={label} />
        <Edits label={label} />
        <Lens label={label} />
      </div>
      <p class="note">
        {scores.tokens} tokens, {decimal(scores.log_likelihood)} nats under the warm start
        {provenance &&
          `; found by ${provenance.decode}, reward ${provenance.reward}; run ${visible(provenance.run)}, recodi ${provenance.recodi}`}
        .
      </p>
    </section>
  );
}
