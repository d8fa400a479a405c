/** Sums of products by the letters of their axes, by transpositions and products of matrices: tfjs's own has no gradient. */
import * as tf from '@tensorflow/tfjs';
import { product } from './matrices.ts';
import { allowed } from './value.ts';

/** A tensor with a letter for each axis. */
interface Lettered {
  readonly tensor: tf.Tensor;
  readonly letters: readonly string[];
}

/**
 * @param equation such as 'bhid,bhjd->bhij'; '...' stands for any axes
 * @param refuse says what of the equation is wrong or not supported
 */
export function einsum(equation: string, tensors: readonly tf.Tensor[], refuse: (what: string) => never): tf.Tensor {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  if (terms.length !== tensors.length)
    refuse(`'${equation}' is of ${terms.length} operands, and there are ${tensors.length}`);
  const operands = terms.map((term, i) => lettered(term, tensors[i] as tf.Tensor, equation, refuse));
  const once = [...new Set(operands.flatMap(({ letters }) => letters))];
  const count = (letter: string) => operands.filter(({ letters }) => letters.includes(letter)).length;
  const dots = once.filter((letter) => /^\d+$/.test(letter)).sort((a, b) => Number(b) - Number(a));
  const output =
    right === undefined
      ? [...dots, ...once.filter((letter) => !dots.includes(letter) && count(letter) === 1).sort()]
      : [...right.replace('...', '.')].flatMap((letter) => (letter === '.' ? dots : letter));
  if (output.some((letter) => !once.includes(letter))) refuse(`'${equation}' has a letter in its result alone`);
  const sum = operands.reduce((one, other, i) => {
    const later = new Set([...output, ...operands.slice(i + 1).flatMap(({ letters }) => letters)]);
    return i === 0 ? one : contracted(one, other, later);
  });
  const kept = summed(sum, new Set(output));
  return tf.transpose(
    kept.tensor,
    output.map((letter) => kept.letters.indexOf(letter)),
  );
}

/** The letters of a term; axes under dots are numbered from the last. */
function lettered(term: string, tensor: tf.Tensor, equation: string, refuse: (what: string) => never): Lettered {
  const [before = '', after] = term.split('...');
  const named = before.length + (after?.length ?? 0);
  const dots = after === undefined ? 0 : tensor.rank - named;
  const letters = [...before, ...Array.from({ length: dots }, (_, i) => String(dots - 1 - i)), ...(after ?? '')];
  if (letters.length !== tensor.rank) refuse(`'${term}' of '${equation}' does not fit a tensor of [${tensor.shape}]`);
  if (new Set(letters).size !== letters.length) refuse(`'${term}' of '${equation}' has a letter twice`);
  return { tensor, letters };
}

/** Without the axes that nobody needs any more. */
function summed({ tensor, letters }: Lettered, needed: ReadonlySet<string>): Lettered {
  const axes = [...letters.keys()].filter((axis) => !needed.has(letters[axis] as string));
  if (axes.length === 0) return { tensor, letters };
  return { tensor: tf.sum(tensor, axes), letters: letters.filter((letter) => needed.has(letter)) };
}

/** The product of two, with the axes that both have and nobody needs any more summed over. */
function contracted(a: Lettered, b: Lettered, needed: ReadonlySet<string>): Lettered {
  const one = summed(a, new Set([...needed, ...b.letters]));
  const other = summed(b, new Set([...needed, ...a.letters]));
  const both = one.letters.filter((letter) => other.letters.includes(letter));
  const stack = both.filter((letter) => needed.has(letter));
  const inner = both.filter((letter) => !needed.has(letter));
  const rows = one.letters.filter((letter) => !both.includes(letter));
  const columns = other.letters.filter((letter) => !both.includes(letter));
  const length = (letter: string) => {
    const lengths = [one, other].flatMap(({ tensor, letters }) =>
      letters.includes(letter) ? [tensor.shape[letters.indexOf(letter)] as number] : [],
    );
    return Math.max(...lengths);
  };
  const size = (letters: readonly string[]) => letters.reduce((all, letter) => all * length(letter), 1);
  const matrix = (x: Lettered, first: readonly string[], second: readonly string[]) => {
    const order = [...stack, ...first, ...second];
    const turned = tf.transpose(
      x.tensor,
      order.map((letter) => x.letters.indexOf(letter)),
    );
    // An axis of length 1 under dots is repeated.
    const full = turned.shape.every((side, i) => side === length(order[i] as string))
      ? turned
      : tf.broadcastTo(turned, order.map(length));
    return tf.reshape(full, [size(stack), size(first), size(second)]);
  };
  allowed([...stack, ...rows, ...columns].map(length));
  const sums = product(matrix(one, rows, inner), matrix(other, inner, columns));
  const letters = [...stack, ...rows, ...columns];
  return { tensor: tf.reshape(sums, letters.map(length)), letters };
}
