import { CIFAR_BATCH_BYTES, decodeCifar } from './cifar-binary.ts';
import type { Dataset, DatasetFile } from './dataset.ts';

function batch(name: string, sha256: string): DatasetFile {
  return { name, bytes: CIFAR_BATCH_BYTES, sha256 };
}

/**
 * Photographs of ten kinds of things, 32 × 32, colour, in the authors' binary form.
 * Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
 */
export const cifar10: Dataset = {
  id: 'cifar10',
  name: 'CIFAR-10',
  shape: [32, 32, 3],
  classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  paper: 'https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf',
  counts: { train: 50_000, test: 10_000 },
  files: {
    train: [
      batch('data_batch_1.bin', 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'),
      batch('data_batch_2.bin', 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'),
      batch('data_batch_3.bin', 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'),
      batch('data_batch_4.bin', '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'),
      batch('data_batch_5.bin', '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'),
    ],
    test: [batch('test_batch.bin', '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b')],
  },
  decode: (files, _split, limit) => decodeCifar(files, limit),
};
