import { beyondSuite } from './beyond-suite.ts';
import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/**
 * One change for all images is a candidate of every image's own search, so what it breaks every search could have found.
 *
 * Source: the change is that of Moosavi-Dezfooli et al., CVPR 2017, https://arxiv.org/abs/1610.08401; the comparison follows Carlini et
 * al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, on attacks that know less.
 */
export const universalBeatsWhiteBox: Diagnostic = ({ probes }) => {
  const value = beyondSuite(probes.universal);
  if (value === null) return null;
  return {
    id: 'universal-beats-white-box',
    level: 'warning',
    message: `One and the same change of every image breaks ${percent(value)} of the examples beyond what the suite broke`,
    value,
  };
};
