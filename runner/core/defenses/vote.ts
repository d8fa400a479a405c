/**
 * Majority vote of several nets.
 *
 * Source: Strauss et al., "Ensemble Methods as a Defense to Adversarial Perturbations Against Deep Neural Networks", 2017,
 * https://arxiv.org/abs/1709.03423.
 */
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { joined, votes } from './shared/joined.ts';

const optionsSchema = z.strictObject({});

export const vote: Defense<typeof optionsSchema> = {
  id: 'vote',
  name: 'Majority vote',
  paper: 'https://arxiv.org/abs/1709.03423',
  description:
    'The class that most nets say; of classes with as many votes, the one to which the nets together give the larger probability.',
  joins: true,
  randomised: false,
  adaptive: ['bpda'],
  optionsSchema,
  wrap: (classifiers) => joined(classifiers, votes),
};
