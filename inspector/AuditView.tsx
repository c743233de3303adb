/** What a model thinks that its questions do not say: the words that go with it, the readings, and the peer beside ours. */
import { Fragment } from 'preact';
import type { AuditAnswer, Problems } from '../src/inspect/wire.ts';
import { ask } from './answers.ts';
import { percent, visible } from './format.ts';
import { href, route } from './route.ts';
import { ScrolledTable } from './ScrolledTable.tsx';
import { AnswerView } from './States.tsx';
import { auditSheet } from './sheets.ts';
import { useSheet } from './TakeAway.tsx';

type Reader = AuditAnswer['readers']['ours'];
type Listing = Reader['accepted'];
type Unaccounted = Listing['unaccounted'][number];

export function AuditView() {
  const { run } = route.value;
  return (
    <AnswerView answer={ask<AuditAnswer>(`api/runs/${run}/audit`).value} what="audit" whole>
      {audit => <Audit run={run} audit={audit} />}
    </AnswerView>
  );
}

function Audit({ run, audit }: { readonly run: number; readonly audit: AuditAnswer }) {
  useSheet(() => auditSheet(audit));
  const { ours } = audit.readers;
  const { unaccounted, words } = ours.accepted;
  const found = new Set(words.found.flatMap(association => association.words));
  return (
    <main id="main" class="wide">
      <div class="view-head">
        <h2>{visible(audit.run)}, audited</h2>
        <p class="note">
          {audit.problems} held-out problems, read at <span class="text">{visible(audit.view)}</span>
        </p>
      </div>
      <p class="lead">
        {ours.all.unaccounted.length} of {ours.readings} readings take what their questions do not account for;{' '}
        {unaccounted.length} are listed, with a probability of {audit.accept} or more that they are no misreadings.
      </p>
      <section>
        <h3>Words that go with them</h3>
        <p class="note">
          Fisher's exact test, one-sided, times {words.tested.words} words or {words.tested.pairs} pairs of words. Those
          found are marked; the others are tested without their questions.
        </p>
        <Words words={words} />
      </section>
      <section>
        <h3>Who finds what</h3>
        <Readers audit={audit} />
      </section>
      <section>
        <h3>Readings listed</h3>
        <ol class="listed">
          {unaccounted.map(reading => (
            <Reading key={reading.problem} run={run} reading={reading} found={found} />
          ))}
        </ol>
      </section>
    </main>
  );
}

/** `4.9e−75`, `0.74`. */
const written = (p: number) => (p < 0.01 ? p.toExponential(1).replace('e-', 'e−') : p.toFixed(2));

function Words({ words: { found, others } }: { readonly words: Listing['words'] }) {
  if (found.length + others.length === 0) return <p class="notice">No word goes with them.</p>;
  return (
    <ScrolledTable label="Words">
      <table class="grid">
        <thead>
          <tr>
            <th scope="col">words</th>
            {['questions with them', 'of these listed', 'p, corrected'].map(title => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...found, ...others].map(({ words, questions, marked, p }, index) => (
            <tr key={words.join(' ')} class={index < found.length ? 'own' : undefined}>
              <th scope="row">{visible(words.join(' and '))}</th>
              <td class="number">{questions}</td>
              <td class="number">{marked}</td>
              <td class="number">{written(p)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrolledTable>
  );
}

function Readers({ audit: { readers, planted } }: { readonly audit: AuditAnswer }) {
  const rows: readonly (readonly [string, Reader, Listing])[] = [
    ['ours', readers.ours, readers.ours.accepted],
    ['ours, whatever the probability', readers.ours, readers.ours.all],
    ['vocabulary projection', readers.projection, readers.projection.accepted],
    ['vocabulary projection, whatever the probability', readers.projection, readers.projection.all],
  ];
  const isPlanted = planted.answered !== null;
  return (
    <>
      {isPlanted && (
        <p class="note">
          A rule is planted: the own chains of {planted.problems} problems take what their questions do not say, and the
          model answers {percent(planted.answered)} % of them so. Precision and recall are of these problems; nothing of
          them went into the audit.
        </p>
      )}
      <ScrolledTable label="Who finds what">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">reader</th>
              {['readings', 'listed'].map(title => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
              <th scope="col">first word</th>
              {['p, corrected', ...(isPlanted ? ['precision, %', 'recall, %'] : [])].map(title => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, { readings }, { unaccounted, words, agreement }], index) => {
              const first = words.found[0] ?? words.others[0];
              return (
                <tr key={name} class={index === 0 ? 'own' : undefined}>
                  <th scope="row">{name}</th>
                  <td class="number">{readings}</td>
                  <td class="number">{unaccounted.length}</td>
                  <td>{first ? visible(first.words.join(' and ')) : '–'}</td>
                  <td class="number">{first ? written(first.p) : '–'}</td>
                  {isPlanted && <td class="number">{percent(agreement?.precision)}</td>}
                  {isPlanted && <td class="number">{percent(agreement?.recall)}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </ScrolledTable>
    </>
  );
}

interface ReadingProps {
  readonly run: number;
  readonly reading: Unaccounted;
  /** Words that go with such readings. */
  readonly found: ReadonlySet<string>;
}

function Reading({ run, reading, found }: ReadingProps) {
  const { problem, question, probability, unaccounted, answer } = reading;
  const labelled = ask<Problems>(`api/runs/${run}/problems`).value;
  const isLabelled = labelled.state === 'here' && labelled.value.problems.id.includes(problem);
  return (
    <li>
      <p class="text thought">
        <Marked text={visible(reading.reading)} part={visible(unaccounted.join(' '))} />
      </p>
      <p>
        {question.split(' ').map((word, index) => (
          <Fragment key={index}>
            {index > 0 && ' '}
            {found.has(word) ? <mark>{visible(word)}</mark> : visible(word)}
          </Fragment>
        ))}{' '}
        → {visible(answer)}
      </p>
      <p class="note">
        takes <span class="text">{visible(unaccounted.join(', '))}</span>, probability {probability.toFixed(3)}
        {isLabelled && (
          <>
            {' · '}
            <a href={href(`${run}/problems/${encodeURIComponent(problem)}`)}>its thoughts</a>
          </>
        )}
      </p>
    </li>
  );
}

/** A text with the first place of a part set apart. */
function Marked({ text, part }: { readonly text: string; readonly part: string }) {
  const at = part === '' ? -1 : text.indexOf(part);
  if (at < 0) return <>{text}</>;
  return (
    <>
      {text.slice(0, at)}
      <mark>{part}</mark>
      {text.slice(at + part.length)}
    </>
  );
}
