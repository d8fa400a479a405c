import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Certificate } from './certificate.ts';
import { crownMargins, layersWithoutPooling } from './shared/crown-bounds.ts';
import { worstMargins } from './shared/ibp-bounds.ts';
import { layersMistake } from './shared/layers.ts';
import { leadCertifies, leadNumbers, leadsAgree, measureLeads } from './shared/leads.ts';

const optionsSchema = z.strictObject({});

/**
 * CROWN-IBP: linear bounds of the scores by one backward pass through intervals (`shared/crown-bounds.ts`). Interval bounds are there anyway,
 * and of both bounds of a score the lower one counts, so that it certifies whatever `ibp` does.
 */
export const crown: Certificate<typeof optionsSchema> = {
  id: 'crown',
  name: 'CROWN-IBP bounds',
  paper: 'https://arxiv.org/abs/1906.06316',
  description: 'Linear bounds carried backward through the net, or its intervals where these are tighter.',
  norms: ['Linf'],
  holds: 'proof',
  optionsSchema,
  // Slopes are a copy of every layer for each class.
  chunk: 10,
  checked: 10,
  numbers: leadNumbers,
  cost: () => 10,
  refuses: (submission) => layersMistake('crown', layersWithoutPooling, submission),
  measure: (context) =>
    measureLeads(context, layersWithoutPooling, (...bounded) =>
      tf.minimum(crownMargins(...bounded), worstMargins(...bounded)),
    ),
  certifies: leadCertifies,
  agrees: leadsAgree,
};
