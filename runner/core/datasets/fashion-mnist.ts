import type { Dataset } from './dataset.ts';
import { decodeIdx } from './idx.ts';

/** Articles of clothing, 28 × 28, grey, in the shape of MNIST. Xiao, Rasul and Vollgraf, 2017. */
export const fashionMnist: Dataset = {
  id: 'fashion-mnist',
  name: 'Fashion-MNIST',
  shape: [28, 28, 1],
  classNames: [
    'T-shirt/top',
    'trouser',
    'pullover',
    'dress',
    'coat',
    'sandal',
    'shirt',
    'sneaker',
    'bag',
    'ankle boot',
  ],
  paper: 'https://arxiv.org/abs/1708.07747',
  counts: { train: 60_000, test: 10_000 },
  files: {
    train: [
      {
        name: 'train-images-idx3-ubyte',
        bytes: 47_040_016,
        sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
      },
      {
        name: 'train-labels-idx1-ubyte',
        bytes: 60_008,
        sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
      },
    ],
    test: [
      {
        name: 't10k-images-idx3-ubyte',
        bytes: 7_840_016,
        sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
      },
      {
        name: 't10k-labels-idx1-ubyte',
        bytes: 10_008,
        sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      },
    ],
  },
  decode: (files, _split, limit) => decodeIdx(files, limit),
};
