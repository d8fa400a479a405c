import type { Result } from '#core/result.ts';

/** Below this share of its right answers a model has next to no defense. */
const UNDEFENDED = 0.1;
/** An interval wider than this says little. */
const WIDE = 0.15;

/** What a person may do with a result, as paragraphs of Markdown, the most pressing first. */
export function advice({ cleanAccuracy, robustAccuracy, flags, suite }: Result): string[] {
  const kept = cleanAccuracy.value === 0 ? 0 : robustAccuracy.value / cleanAccuracy.value;
  const paragraphs: string[] = [];
  if (flags.some(({ id }) => id === 'low-clean-accuracy')) {
    paragraphs.push(
      '**First look at the clean accuracy.** If the model does better elsewhere, something is lost on the way: pixels must be from 0 to 1, mean and standard deviation belong into the model, colours are red, green, blue, and classes are numbered as in training.',
    );
  }
  if (flags.some(({ level }) => level !== 'info')) {
    paragraphs.push(
      '**Then follow the warning signs**: as long as one stands, the robust accuracy is an upper bound that better attacks may lower.',
    );
  }
  if (kept < UNDEFENDED) {
    paragraphs.push(
      '**The model has no defense to speak of**, as is usual for one that was trained on clean images alone. What has held up best is training on adversarial images: [Madry et al. 2018](https://arxiv.org/abs/1706.06083), or [TRADES](https://arxiv.org/abs/1901.08573), which trades clean accuracy against it.',
    );
  } else if (robustAccuracy.value < cleanAccuracy.value) {
    paragraphs.push(
      'Adversarial training at this radius ([Madry et al. 2018](https://arxiv.org/abs/1706.06083)), with more data or a larger net, is what raises such a number most reliably. Changes at inference, such as rounding, noise or detection, have mostly been broken by attacks that knew of them ([Tramèr et al. 2020](https://arxiv.org/abs/2002.08347)).',
    );
  }
  if (suite.id === 'quick' && kept >= UNDEFENDED) {
    paragraphs.push(
      '`quick` is enough to see that a model breaks, not that it holds: run the same command with `--suite v1` before you rely on what is left.',
    );
  }
  if (robustAccuracy.high - robustAccuracy.low > WIDE) {
    paragraphs.push('The interval is wide: more images narrow it, four times as many by half.');
  }
  return paragraphs;
}
