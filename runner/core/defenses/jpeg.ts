/**
 * JPEG compression: what the net sees is the image compressed and read again.
 *
 * The rounding of JPEG has a gradient of zero; in place of the whole of it the identity is differentiated (BPDA).
 *
 * Sources: Dziugaite et al., "A study of the effect of JPG compression on adversarial images", 2016, https://arxiv.org/abs/1608.00853;
 * default: the quality of Guo et al., "Countering Adversarial Images using Input Transformations", ICLR 2018,
 * https://arxiv.org/abs/1711.00117. The attack: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018,
 * https://arxiv.org/abs/1802.00420, §5.2.
 */
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { jpeg as compressed } from './shared/jpeg-codec.ts';
import { straightThrough, through } from './shared/through.ts';

const optionsSchema = z.strictObject({
  quality: z.int().min(1).max(100).default(75).describe('Quality of the compression, as encoders count it'),
});

export const jpeg: Defense<typeof optionsSchema> = {
  id: 'jpeg',
  name: 'JPEG compression',
  paper: 'https://arxiv.org/abs/1608.00853',
  description: 'The image is compressed as JPEG, without subsampling of colour, and read again.',
  joins: false,
  randomised: false,
  adaptive: ['bpda'],
  optionsSchema,
  wrap: (classifiers, { quality }) =>
    through(
      classifiers,
      straightThrough((x) => compressed(x, quality)),
    ),
};
