import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import {
  bytes,
  encodeModel,
  int,
  joined,
  type Model,
  message,
  node,
  tensor,
  text,
  valueInfo,
} from '../../testing/onnx/encode.ts';
import { loadOnnx } from './classifier.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** Three classes of 2×2 images with one channel: the first three values, whatever the layout. */
const weights = tensor('w', [4, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
const linear: Model = {
  nodes: [
    { op: 'Flatten', inputs: ['x'], outputs: ['rows'] },
    { op: 'MatMul', inputs: ['rows', 'w'], outputs: ['y'] },
  ],
  initializers: [weights],
  inputs: [valueInfo('x', [null, 1, 2, 2])],
  outputs: [valueInfo('y', [null, 3])],
};

const image = [0.1, 0.2, 0.3, 0.4];

function scoresOf(model: Model, inputShape: [number, number, number] = [2, 2, 1], images = image): number[] {
  const classifier = loadOnnx(encodeModel(model), { inputShape });
  try {
    return tf.tidy(() => {
      const size = inputShape.reduce((all, length) => all * length, 1);
      const x = tf.tensor4d(Float32Array.from(images), [images.length / size, ...inputShape]);
      return [...classifier.logits(x).dataSync()].map((value) => Math.round(value * 1e6) / 1e6);
    });
  } finally {
    classifier.dispose();
  }
}

describe('images are handed over as the file wants them', () => {
  test('channels first, channels last, grey and rows', () => {
    expect(scoresOf(linear)).toEqual([0.1, 0.2, 0.3]);
    expect(scoresOf({ ...linear, inputs: [valueInfo('x', [null, 2, 2, 1])] })).toEqual([0.1, 0.2, 0.3]);
    expect(scoresOf({ ...linear, inputs: [valueInfo('x', [null, 2, 2])] })).toEqual([0.1, 0.2, 0.3]);
    const rows = { ...linear, nodes: linear.nodes.slice(1), inputs: [valueInfo('rows', [null, 4])] };
    expect(scoresOf(rows)).toEqual([0.1, 0.2, 0.3]);
  });

  test('of three channels the first value of each comes first', () => {
    const wide = { ...linear, initializers: [tensor('w', [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])] };
    const shape: [number, number, number] = [1, 1, 3];
    expect(scoresOf({ ...wide, inputs: [valueInfo('x', [null, 3, 1, 1])] }, shape, [0.7, 0.8, 0.9])).toEqual([
      0.7, 0.8, 0.9,
    ]);
  });

  test('sizes that the file leaves open are those of the images', () => {
    expect(scoresOf({ ...linear, inputs: [valueInfo('x', [null, 1, null, null])] })).toEqual([0.1, 0.2, 0.3]);
    expect(() => loadOnnx(encodeModel({ ...linear, inputs: [valueInfo('x', [null, 1, null, null])] }))).toThrow(
      "its input 'x' has [?, 1, ?, ?]; its size is open",
    );
  });

  test('another size than the images have is refused with both', () => {
    expect(() => loadOnnx(encodeModel(linear), { inputShape: [28, 28, 1] })).toThrow(
      "its input 'x' has [?, 1, 2, 2]; the images are [1, 28, 28] (channels, height, width)",
    );
  });
});

describe('any number of images', () => {
  const fixed: Model = {
    ...linear,
    nodes: [{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['rows'] }, linear.nodes[1] as Model['nodes'][number]],
    initializers: [weights, tensor('shape', [2], [1, 4], true)],
    inputs: [valueInfo('x', [1, 1, 2, 2])],
  };

  test('a file for one image is run again and again, and says so', () => {
    const three = [...image, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 0, 0];
    expect(scoresOf(fixed, [2, 2, 1], three)).toEqual([0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.9, 1, 0]);
    expect(loadOnnx(encodeModel(fixed)).notes).toEqual([
      'it takes 1 image at a time and is run again and again; export it with a dynamic batch',
    ]);
  });

  test('the last images of a file for two are filled up', () => {
    const two = {
      ...fixed,
      initializers: [weights, tensor('shape', [2], [2, 4], true)],
      inputs: [valueInfo('x', [2, 1, 2, 2])],
    };
    expect(scoresOf(two, [2, 2, 1], [...image, ...image, ...image])).toHaveLength(9);
  });

  test('a file that only says one image takes any number', () => {
    expect(loadOnnx(encodeModel({ ...linear, inputs: [valueInfo('x', [1, 1, 2, 2])] })).notes).toEqual([]);
  });
});

describe('scores', () => {
  test('a softmax at the end is left off, and said', () => {
    const soft = {
      ...linear,
      nodes: [...linear.nodes, { op: 'Softmax', inputs: ['y'], outputs: ['p'] }],
      outputs: [valueInfo('p', [null, 3])],
    };
    expect(scoresOf(soft)).toEqual([0.1, 0.2, 0.3]);
    expect(loadOnnx(encodeModel(soft)).notes[0]).toMatch('its last operator, Softmax, is left off');
  });

  test('labels are passed over for the scores beside them', () => {
    const both = {
      ...linear,
      nodes: [...linear.nodes, { op: 'ArgMax', inputs: ['y'], outputs: ['label'], attributes: { axis: 1 } }],
      outputs: [valueInfo('label', [null, 1], 7), valueInfo('y', [null, 3])],
    };
    expect(scoresOf(both)).toEqual([0.1, 0.2, 0.3]);
    expect(() => loadOnnx(encodeModel({ ...both, outputs: [valueInfo('label', [null, 1], 7)] }))).toThrow(
      'none of its outputs is of floats',
    );
  });

  test('that are not a row of at least two for each image are refused', () => {
    const one = { ...linear, initializers: [tensor('w', [4, 1], [1, 1, 1, 1])] };
    expect(() => loadOnnx(encodeModel(one))).toThrow(
      'its scores of 2 images have the shape [2,1]; wanted [2, classes]',
    );
  });

  test('that are not finite are refused', () => {
    const inverse = { ...linear, initializers: [tensor('w', [4, 3], Array(12).fill(Number.NaN))] };
    expect(() => loadOnnx(encodeModel(inverse))).toThrow('its scores of random images are not finite');
  });
});

describe('what a file may not hold is refused by name', () => {
  const broken = (model: Partial<Model>) => () => loadOnnx(encodeModel({ ...linear, ...model }));

  test('every operator that is not supported, in one message', () => {
    const nodes = [
      { op: 'Relus', inputs: ['x'], outputs: ['a'] },
      { op: 'NonZero', inputs: ['a'], outputs: ['b'] },
      { op: 'MatMul', inputs: ['b', 'w'], outputs: ['y'], attributes: { wrong: 1 } },
    ];
    expect(broken({ nodes })).toThrow(
      "ONNX: unsupported operators: Relus; did you mean 'Relu'?, NonZero; unsupported attributes: MatMul.wrong",
    );
  });

  test('an opset outside the window', () => {
    expect(broken({ opset: 11 })).toThrow('opset 11 of the standard operators; supported are 13 to 23');
  });

  test('two inputs, and whole numbers for images', () => {
    expect(broken({ inputs: [valueInfo('x', [null, 1, 2, 2]), valueInfo('z', [1])] })).toThrow(
      'it has 2 inputs (x, z); wanted one',
    );
    expect(broken({ inputs: [valueInfo('x', [null, 1, 2, 2], 2)] })).toThrow("its input 'x' is not of floats");
  });

  test('a circle, a gap, and a value that is made twice', () => {
    const circle = { op: 'Add', inputs: ['y', 'x'], outputs: ['y'] };
    expect(broken({ nodes: [circle] })).toThrow(
      "Add 'y' reads 'y', which nothing before it makes: the graph has a gap or a circle",
    );
    expect(broken({ nodes: [...linear.nodes, { op: 'Relu', inputs: ['x'], outputs: ['y'] }] })).toThrow(
      "'y' is made twice, the second time by Relu 'y'",
    );
  });

  test('graphs within nodes, functions, training', () => {
    const loop = joined([
      text(1, 'x'),
      text(2, 'y'),
      text(4, 'If'),
      message(5, text(1, 'then_branch'), bytes(6, new Uint8Array()), int(20, 5)),
    ]);
    expect(broken({ nodes: [loop] })).toThrow('node 0 holds a graph of its own, as loops and branches do');
    expect(broken({ more: [bytes(25, new Uint8Array())] })).toThrow('it defines functions of its own');
    expect(broken({ more: [bytes(20, new Uint8Array())] })).toThrow('it holds training information');
  });

  test('weights in another file, unless they may be read', () => {
    const entry = (key: string, value: string) => message(13, text(1, key), text(2, value));
    const outside = joined([
      int(1, 4),
      int(1, 3),
      int(2, 1),
      text(8, 'w'),
      int(14, 1),
      entry('location', '../../secret'),
      entry('length', '48'),
    ]);
    expect(broken({ initializers: [outside] })).toThrow("the initializer 'w' lies in another file, '../../secret'");
    const asked: string[] = [];
    const data = new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => i).buffer);
    const readExternal = ({ location }: { location: string }) => {
      asked.push(location);
      return data;
    };
    loadOnnx(encodeModel({ ...linear, initializers: [outside] }), { readExternal }).dispose();
    expect(asked).toEqual(['../../secret']);
    expect(() =>
      loadOnnx(encodeModel({ ...linear, initializers: [outside] }), { readExternal: () => data.subarray(1) }),
    ).toThrow("the initializer 'w' has 47 bytes; [4,3] of float needs 48");
  });

  test('sizes that do not fit, before anything is allocated', () => {
    const huge = joined([int(1, 2 ** 40), int(1, 2 ** 20), int(2, 1), text(8, 'w')]);
    expect(broken({ initializers: [huge] })).toThrow(
      "the initializer 'w' has the shape [1099511627776,1048576]; the limits are",
    );
    const negative = joined([int(1, -4), int(1, -3), int(2, 1), text(8, 'w')]);
    expect(broken({ initializers: [negative] })).toThrow("the initializer 'w' has the shape [-4,-3]");
    const short = joined([int(1, 4), int(1, 3), int(2, 1), text(8, 'w'), bytes(9, new Uint8Array(8))]);
    expect(broken({ initializers: [short] })).toThrow("the initializer 'w' has 8 bytes; [4,3] of float needs 48");
    const grown = { op: 'ConstantOfShape', inputs: ['s'], outputs: ['big'] };
    const nodes = [grown, { op: 'Add', inputs: ['x', 'big'], outputs: ['y'] }];
    expect(broken({ nodes, initializers: [tensor('s', [4], [1, 60000, 60000, 60000], true)] })).toThrow(
      /a tensor of \[1,60000,60000,60000\] has over/,
    );
  });

  test('a pad of billions, whatever it is filled with, before the first row of it is made', () => {
    const padded = (pads: readonly number[], mode: string) =>
      broken({
        nodes: [
          { op: 'Pad', inputs: ['x', 'pads'], outputs: ['wide'], attributes: { mode } },
          { op: 'Flatten', inputs: ['wide'], outputs: ['y'] },
        ],
        initializers: [tensor('pads', [8], pads, true)],
      });
    // What fuzzing found: one slice was made for each row.
    for (const mode of ['reflect', 'edge', 'wrap'])
      expect(padded([0, 0, 0, 0, 0, 0, 0, 3e9], mode)).toThrow(
        `pads of 3000000000 in mode ${mode}; supported are at most`,
      );
    expect(padded([0, 0, 3e9, 0, 0, 0, 0, 0], 'constant')).toThrow(/a tensor of \[\d,1,3000000002,2\] has over/);
  });

  test('shapes that do not go together, with the name of the node', () => {
    expect(broken({ initializers: [tensor('w', [5, 3], Array(15).fill(0))] })).toThrow(/ONNX: MatMul 'y': .*4.*5/);
  });

  test('a tail that is cut off, at every byte', () => {
    const whole = encodeModel(linear);
    for (let length = 0; length < whole.length; length++) {
      expect(() => loadOnnx(whole.subarray(0, length)), `${length} bytes`).toThrow(/^ONNX: /);
    }
  });

  test('something else than a model', () => {
    expect(() => loadOnnx(new TextEncoder().encode('PK\u0003\u0004 a zip file'))).toThrow(/^ONNX: /);
    expect(() => loadOnnx(new Uint8Array())).toThrow('it has no graph or no opset');
  });

  test('an attribute twice, and one of the wrong kind', () => {
    const twice = joined([
      node(linear.nodes[0] as Parameters<typeof node>[0]),
      ...[1, 2].map((axis) => message(5, text(1, 'axis'), int(3, axis), int(20, 2))),
    ]);
    expect(broken({ nodes: [twice, linear.nodes[1] as Model['nodes'][number]] })).toThrow(
      "node 0 has the attribute 'axis' twice",
    );
    const wrong = { op: 'Flatten', inputs: ['x'], outputs: ['rows'], attributes: { axis: 'one' } };
    expect(broken({ nodes: [wrong, linear.nodes[1] as Model['nodes'][number]] })).toThrow(
      "Flatten 'rows': the attribute 'axis' is a string; wanted a int",
    );
  });
});
