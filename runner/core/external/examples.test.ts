import { describe, expect, it } from 'vitest';
import { mnist } from '../datasets/mnist.ts';
import { encodeSafetensors, type TensorData } from '../models/safetensors.ts';
import { decodeExamples, encodeExamples } from './examples.ts';

const SIZE = 28 * 28;
const tensor = (data: TensorData, ...shape: number[]) => ({ shape, data });
const index = tensor(Int32Array.of(3, 7), 2);
const x = tensor(new Float32Array(2 * SIZE).fill(0.25), 2, 28, 28, 1);
const decode = (tensors: Parameters<typeof encodeSafetensors>[0]) => decodeExamples(encodeSafetensors(tensors), mnist);

describe('the file of an external evaluation', () => {
  it('is read as float32 and as bytes, which stand for byte / 255', () => {
    expect(decode({ index, x })).toEqual({ index: index.data, x: x.data });
    const bytes = tensor(new Uint8Array(2 * SIZE).fill(51), 2, 28, 28, 1);
    expect(decode({ index, x: bytes }).x).toEqual(new Float32Array(2 * SIZE).fill(0.2));
  });

  it('comes back as it was written', () => {
    const examples = decode({ index, x });
    expect(decodeExamples(encodeExamples(examples, mnist.shape), mnist)).toEqual(examples);
  });

  it.each<[string, Parameters<typeof encodeSafetensors>[0], RegExp]>([
    ['no index', { x }, /'index' is missing/],
    ['no image', { index }, /'x' is missing/],
    ['another tensor', { index, x, y: index }, /there is a tensor 'y'/],
    [
      'positions of 64 bits, as numpy makes them',
      { index: tensor(BigInt64Array.of(3n, 7n), 2), x },
      /index is I64 \[2\]; wanted I32/,
    ],
    ['doubles', { index, x: tensor(new Float64Array(2 * SIZE), 2, 28, 28, 1) }, /x is F64; wanted F32/],
    ['channels first', { index, x: tensor(x.data, 2, 1, 28, 28) }, /x is \[2,1,28,28\]; wanted \[2,28,28,1\]/],
    ['flat images', { index, x: tensor(x.data, 2, SIZE) }, /wanted \[2,28,28,1\]/],
    ['an index too many', { index: tensor(Int32Array.of(1, 2, 3), 3), x }, /wanted \[3,28,28,1\]/],
    [
      'a position twice',
      { index: tensor(Int32Array.of(3, 3), 2), x },
      /index\[1\] is 3 after 3; wanted them ascending/,
    ],
    ['a position before the first', { index: tensor(Int32Array.of(-1, 3), 2), x }, /index\[0\] is -1/],
    [
      'a position beyond the test set',
      { index: tensor(Int32Array.of(3, 10_000), 2), x },
      /index\[1\] is 10000; .* 10000 examples/,
    ],
    [
      'nothing',
      { index: tensor(new Int32Array(), 0), x: tensor(new Float32Array(), 0, 28, 28, 1) },
      /there is no image/,
    ],
  ])('with %s is refused', (_, tensors, message) => {
    expect(() => decode(tensors)).toThrow(
      expect.objectContaining({ kind: 'submission', message: expect.stringMatching(message) }),
    );
  });

  it('that is no safetensors is refused', () => {
    expect(() => decodeExamples(new Uint8Array(3), mnist)).toThrow(/safetensors/);
  });
});
