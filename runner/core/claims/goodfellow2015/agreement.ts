import { share } from '../estimate.ts';
import type { Experiment, Outcomes } from '../experiment.ts';
import { judgedIn, wrong } from '../judged.ts';
import { values } from '../outcomes-file.ts';
import { errorFigure, labels, transferred } from './attacked.ts';
import { maxout, rbf, softmax } from './nets.ts';

/** Of the images that `by` all have wrong, the share on which two nets say the same class. */
function agree(outcomes: Outcomes, [a, b]: readonly [string, string], by: readonly string[]) {
  const y = values(outcomes, 'maxout.y');
  const said = (name: string) => judgedIn(outcomes, `maxout.${name}`).predicted;
  const [first, second] = [said(a), said(b)];
  const mistaken = by.map(said);
  const rows = Array.from(y.keys()).filter((row) => mistaken.every((predicted) => predicted[row] !== y[row]));
  return share(rows.filter((row) => first[row] === second[row]).length, rows.length);
}

/** How many of the images a net has wrong: the two shares depend on it. */
const wrongBy =
  (id: string, name: string, theirs: string) =>
  (outcomes: Outcomes): string => {
    const y = values(outcomes, 'maxout.y');
    const mistakes = wrong(judgedIn(outcomes, `maxout.${id}`).predicted, y).length;
    return `The images mislead other nets more here: ${name} has ${((100 * mistakes) / y.length).toFixed(0)} % of them wrong, in the paper ${theirs} %, by its two shares.`;
  };

const [M, S, R] = [maxout.id, softmax.id, rbf.id];

export const agreementExperiment: Experiment = {
  id: 'agreement',
  title: 'Different nets make the same mistakes',
  source: '§8',
  protocol:
    'Images made for the maxout net by one step of ε = 0.25 that may leave the pixel range, all 10,000; counted over those that it has wrong. The paper does not print how many these are: the intervals of its numbers are those of 10,000 images, the narrowest that they can be.',
  seed: 0,
  nets: [maxout, softmax, rbf],
  steps: [
    {
      id: 'maxout',
      async run(context) {
        const examples = context.test();
        const judges = Object.fromEntries([M, S, R].map((id) => [id, context.net(id)]));
        return { ...labels(examples), ...(await transferred(context, examples, context.net(M), judges)) };
      },
    },
  ],
  figures: [
    {
      ...errorFigure(
        'softmax-repeats',
        'Of the maxout net’s mistakes, those on which softmax regression says the same class',
        '54.6',
        { low: 0.3, words: 'a linear net repeats a large part of the mistakes (at least 30 %)' },
        (outcomes) => agree(outcomes, [M, S], [M]),
      ),
      gap: wrongBy(S, 'softmax regression', '65'),
    },
    {
      ...errorFigure(
        'rbf-repeats',
        'Of the maxout net’s mistakes, those on which the RBF net says the same class',
        '16.0',
        { high: 0.4, words: 'a net that is not linear repeats fewer (at most 40 %)' },
        (outcomes) => agree(outcomes, [M, R], [M]),
      ),
      gap: wrongBy(R, 'the RBF net', '29'),
    },
    {
      ...errorFigure(
        'softmax-repeats-both-wrong',
        'The same, where softmax regression is wrong too',
        '84.6',
        { low: 0.5, words: 'when it errs, it mostly errs alike (at least 50 %)' },
        (outcomes) => agree(outcomes, [M, S], [M, S]),
      ),
      gap: wrongBy(S, 'softmax regression', '65'),
    },
    {
      ...errorFigure(
        'rbf-repeats-both-wrong',
        'The same, where the RBF net is wrong too',
        '54.3',
        { low: 0.25, words: 'far above chance, which is one in nine (at least 25 %)' },
        (outcomes) => agree(outcomes, [M, R], [M, R]),
      ),
      gap: wrongBy(R, 'the RBF net', '29'),
    },
    errorFigure(
      'rbf-softmax',
      'Where softmax regression and the RBF net are both wrong on them, those on which they say the same class',
      '53.6',
      { low: 0.25, words: 'far above chance, which is one in nine (at least 25 %)' },
      (outcomes) => agree(outcomes, [R, S], [R, S]),
    ),
  ],
};
