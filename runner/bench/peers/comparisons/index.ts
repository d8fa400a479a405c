import type { Comparison } from '../comparison.ts';
import { autoattack } from './autoattack.ts';
import { blackBox } from './black-box.ts';
import { nearest } from './nearest.ts';
import { steps } from './steps.ts';

/** Every comparison. */
export const comparisons: readonly Comparison[] = [...steps, ...autoattack, ...nearest, ...blackBox];

/**
 * What is compared unless something is named: what the field measures defenses with, the whole of AutoAttack last, and the protocol of
 * the paper on distillation.
 */
export const headline: readonly string[] = [
  'pgd-linf',
  'apgd-linf',
  'apgd-t-linf',
  'fab-t-linf',
  'square-linf',
  'deepfool-l2',
  'cw-l2',
  'ead-l1',
  'fmn-linf',
  'hop-skip-jump-l2',
  'jsma-l0',
  'autoattack-linf',
];
