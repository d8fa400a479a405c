/** Which output of a graph is the scores of the classes, before anything that only turns them into probabilities. */
import type { OnnxModel, OnnxNode } from './messages.ts';
import { refuse } from './refuse.ts';

/** Element types of scores: float, float16, double, bfloat16. */
const FLOATS: readonly number[] = [1, 10, 11, 16];

/**
 * Goes back from the first output of floats over what changes no decision and hides gradients: a softmax at the end, scikit-learn's maps of
 * probabilities and the transformation within its classifiers.
 * @param notes gets a sentence for each thing that is left off
 * @returns the model, where a classifier's own transformation had to go another one, the name of the scores, and whether they were
 *   made probabilities after it
 * @throws ParapetError 'submission' when no output is of floats
 */
export function scoresOf(model: OnnxModel, notes: string[]): { model: OnnxModel; output: string; softmax: boolean } {
  const { nodes, outputs } = model.graph;
  const makerOf = (name: string) => nodes.find((node) => node.outputs.includes(name));
  const floats = outputs.filter(
    ({ name, elementType }) => FLOATS.includes(elementType) || makerOf(name)?.opType === 'ZipMap',
  );
  const [first, ...others] = floats;
  if (first === undefined) {
    return refuse('none of its outputs is of floats', 'export the scores of the classes, not the label alone');
  }
  if (others.length > 0) notes.push(`of its outputs ${floats.map(({ name }) => name).join(', ')} the first is taken`);
  let output = first.name;
  let softmax = false;
  for (;;) {
    const maker = makerOf(output);
    if (maker === undefined || !isPassedOver(maker, makerOf(maker.inputs[0] ?? ''))) break;
    softmax ||= maker.opType === 'Softmax' || maker.opType === 'Normalizer';
    if (!isName(maker))
      notes.push(`its last operator, ${maker.opType}, is left off: it changes no decision and hides gradients`);
    output = maker.inputs[0] as string;
  }
  const maker = makerOf(output);
  const transformation = maker?.attributes.get('post_transform');
  if (maker === undefined || transformation === undefined || transformation.value === 'NONE')
    return { model, output, softmax };
  notes.push(`the transformation of its ${maker.opType}, ${transformation.value}, is left off: it changes no decision`);
  const attributes = new Map(maker.attributes).set('post_transform', { type: 'string', value: 'NONE' });
  const plain = nodes.map((node) => (node === maker ? { ...node, attributes } : node));
  return { model: { ...model, graph: { ...model.graph, nodes: plain } }, output, softmax: true };
}

/** What gives the same values another name or another form. */
function isName({ opType, attributes }: OnnxNode): boolean {
  const to = attributes.get('to')?.value;
  return opType === 'ZipMap' || opType === 'Identity' || (opType === 'Cast' && FLOATS.includes(Number(to)));
}

function isPassedOver(node: OnnxNode, before: OnnxNode | undefined): boolean {
  const axis = node.attributes.get('axis')?.value ?? -1;
  if (node.opType === 'Softmax' || node.opType === 'LogSoftmax') return axis === -1 || axis === 1;
  if (node.opType === 'Normalizer') return before?.opType === 'LinearClassifier' || before?.opType === 'SVMClassifier';
  return isName(node);
}
