import type { OnnxGraph } from './messages.ts';

/** What hands images on as they are. */
const passing: readonly string[] = ['Identity', 'Cast', 'Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'];
const shifting: readonly string[] = ['Sub', 'Div', 'Mul', 'Add'];
/** How many operators from the images on are looked at. */
const MOST_STEPS = 20;

/**
 * @param images name of the input
 * @returns the operator that first shifts or scales the images by constants, before any other looks at them; null when none does
 */
export function normalisation({ nodes, initializers }: OnnxGraph, images: string): string | null {
  const constants = new Set(initializers.keys());
  // Nodes stand in the order in which they are computed.
  for (const { inputs, outputs } of nodes) {
    if (inputs.every((input) => input === '' || constants.has(input))) for (const name of outputs) constants.add(name);
  }
  let at = images;
  for (let step = 0; step < MOST_STEPS; step++) {
    const [next, ...others] = nodes.filter(({ inputs }) => inputs.includes(at));
    if (next === undefined || others.length > 0) return null;
    const rest = next.inputs.filter((input) => input !== at);
    if (next.opType === 'Scaler') return next.opType;
    if (shifting.includes(next.opType)) return rest.every((input) => constants.has(input)) ? next.opType : null;
    if (!passing.includes(next.opType)) return null;
    at = next.outputs[0] ?? '';
  }
  return null;
}
