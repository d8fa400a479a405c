/** Shows what came of an attack: images, verdict, confidences, distances and costs. */
import { confidencesChart } from '../charts/confidences.ts';
import { CLASSES } from './catalogue.ts';
import { changeColours, greyColours } from './colours.ts';
import { part } from './dom.ts';
import { measureChange, softmax } from './measure.ts';
import { paint } from './pictures.ts';
import type { AttackReply, BackendReport } from './protocol.ts';
import { redraw } from './redraw.ts';
import type { LabState } from './settings.ts';
import { brief, changeInWords, digitName, percent, verdictOf } from './words.ts';

/** One finished attack on one image. */
export interface Finished {
  readonly state: LabState;
  readonly x: Float32Array;
  readonly reply: AttackReply;
}

const backendNames = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WebAssembly' } as const;
const classes = Array.from({ length: CLASSES }, (_, i) => String(i));

/** Puts a canvas in the place of the picture that the page came with. */
function showPicture(name: 'x' | 'change' | 'xAdv', colours: Uint8ClampedArray<ArrayBuffer>, words: string): void {
  const frame = part(`frame-${name}`);
  const canvas = part<HTMLCanvasElement>(`canvas-${name}`);
  paint(canvas, colours);
  canvas.hidden = false;
  frame.querySelector('img')?.remove();
  frame.setAttribute('aria-label', words);
}

/** Shows an image at once, before anything is computed from it. */
export function showImage(x: Float32Array, label: number | null): void {
  showPicture('x', greyColours(x), label === null ? 'The image that you drew' : `The image: ${digitName(label)}`);
}

/** @returns the outcome in a sentence, for those who hear the page */
export function showFinished({ state, x, reply }: Finished): string {
  const { xAdv, distance } = reply;
  const label = reply.y[0] as number;
  const [before, after] = [reply.before[0] as number, reply.after[0] as number];
  const [beforeAll, afterAll] = [softmax(reply.logitsBefore), softmax(reply.logitsAfter)];
  const change = measureChange(x, xAdv);
  const target = state.target === 'any' ? null : state.target;

  showImage(x, label);
  showPicture('change', changeColours(x, xAdv), `The perturbation. ${changeInWords(change)}`);
  showPicture('xAdv', greyColours(xAdv), `The adversarial image, read as ${digitName(after)}`);
  const verdict = verdictOf({
    ...{ label, before, after, target, norm: state.norm, epsilon: state.epsilon },
    confidenceBefore: beforeAll[before] ?? Number.NaN,
    confidenceAfter: afterAll[after] ?? Number.NaN,
    success: reply.success[0] === 1,
    cleanCorrect: reply.cleanCorrect[0] === 1,
    distance: distance[state.norm][0] as number,
  });
  part('verdict').dataset.kind = verdict.kind;
  part('verdict-word').textContent = verdict.word;
  part('verdict-sentence').textContent = verdict.sentence;

  const width = Math.max(260, Math.min(520, part('confidences').clientWidth));
  const data = { classes, before: beforeAll, after: afterAll, truth: label, target };
  redraw(part('confidences'), confidencesChart(data, { id: 'lab-confidences', width, format: percent }));

  part('change').textContent = changeInWords(change);
  part('number-l0').textContent = String(distance.L0[0]);
  part('number-l2').textContent = brief(distance.L2[0] as number);
  part('number-linf').textContent = brief(distance.Linf[0] as number);
  part('number-gradients').textContent = reply.gradientCalls.toLocaleString('en');
  part('number-passes').textContent = reply.forwardCalls.toLocaleString('en');
  part('number-time').textContent = `${(reply.milliseconds / 1000).toFixed(2)} s`;
  showMasking(reply.zeroGradientShare);
  return `${verdict.word}. ${verdict.sentence}`;
}

/** A gradient that is zero throughout tells an attack nothing: the sign of a defense that hides rather than resists. */
function showMasking(share: number | null): void {
  part('masked').hidden = share === null || share === 0;
  part('masked-text').textContent =
    `${percent(share ?? 0)} of the gradients were exactly zero: the model hides its slope, and the attack had to guess. ` +
    'That is not the same as being robust.';
}

export function showBackend({ name, device, precision, passedOver }: BackendReport): void {
  const others = passedOver.length > 0 ? ` Not used: ${passedOver.join('; ')}.` : '';
  part('backend').textContent = `Computed by ${backendNames[name]} (${device}) in ${precision}.${others}`;
}
