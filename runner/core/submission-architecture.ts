import { modelsOf, type Submission } from './submission.ts';

/** What a table says of the nets of a submission and of what is around them, such as `ONNX`, or `jpeg of averaging of 3 × ONNX`. */
export function architectureOf(submission: Submission): string {
  const counts = new Map<string, number>();
  for (const model of modelsOf(submission)) {
    const name = model.format === 'safetensors' ? model.architecture : formatNames[model.format];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const nets = [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
  return submission.defenses.reduce((inside, { id }) => `${id} of ${inside}`, nets);
}

const formatNames = { onnx: 'ONNX', tfjs: 'TensorFlow.js' } as const;
