import { z } from 'zod';
import type { Certificate } from './certificate.ts';
import { boundableLayers } from './shared/box.ts';
import { worstMargins } from './shared/ibp-bounds.ts';
import { layersMistake } from './shared/layers.ts';
import { leadCertifies, leadNumbers, leadsAgree, measureLeads } from './shared/leads.ts';

const optionsSchema = z.strictObject({});

/** Interval bound propagation: the pixels' intervals are carried through the net, layer by layer (`shared/ibp-bounds.ts`). */
export const ibp: Certificate<typeof optionsSchema> = {
  id: 'ibp',
  name: 'Interval bounds',
  paper: 'https://arxiv.org/abs/1810.12715',
  description: 'Intervals of every value in the net, layer by layer.',
  norms: ['Linf'],
  holds: 'proof',
  optionsSchema,
  chunk: 50,
  checked: 20,
  numbers: leadNumbers,
  cost: () => 1,
  refuses: (submission) => layersMistake('ibp', boundableLayers, submission),
  measure: (context) => measureLeads(context, boundableLayers, worstMargins),
  certifies: leadCertifies,
  agrees: leadsAgree,
};
