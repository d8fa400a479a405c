/**
 * Softmax regression: one score per class, linear in the pixels. Its gradients and its nearest adversarial images are known in
 * closed form.
 *
 * Source: McCullagh and Nelder, "Generalized Linear Models", 1989, §5.2 (https://doi.org/10.1201/9780203753736).
 */
import type { Architecture } from './architecture.ts';
import { linear, pytorch } from './pytorch.ts';
import { sequential } from './sequential.ts';

const CLASSES = 10;

export function softmaxRegression(
  id: string,
  name: string,
  inputShape: Architecture['inputShape'],
  classes = CLASSES,
): Architecture {
  const [height, width, channels] = inputShape;
  return {
    id,
    name,
    paper: 'https://doi.org/10.1201/9780203753736',
    inputShape,
    classes,
    undropped: true,
    ...pytorch([linear('fc', height * width * channels, classes, inputShape)]),
    ...sequential([{ kind: 'linear', name: 'fc' }]),
  };
}

export const softmaxRegressionMnist = softmaxRegression(
  'softmax-regression-mnist',
  'Softmax regression for MNIST',
  [28, 28, 1],
);
export const softmaxRegressionCifar10 = softmaxRegression(
  'softmax-regression-cifar10',
  'Softmax regression for CIFAR-10',
  [32, 32, 3],
);
