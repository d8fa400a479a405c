import { refuse, shown } from './refuse.ts';

interface Linked {
  readonly name: string;
  readonly inputs: readonly string[];
}

/**
 * What a node depends on and itself, each after those that it depends on.
 * @throws ParapetError 'submission' where a name is of no node, or a node depends on itself
 */
export function inOrder<Node extends Linked>(byName: ReadonlyMap<string, Node>, output: string): Node[] {
  const ordered = new Set<Node>();
  const open = new Set<string>();
  // A stack of our own: a file may be deeper than the engine's.
  const stack: { name: string; from: string }[] = [{ name: output, from: 'the output' }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { name: own, from } = top;
    const node = byName.get(own) ?? refuse(`${from} is given ${shown(own)}, which is not there`);
    const waiting = node.inputs.filter((source) => !ordered.has(byName.get(source) as Node));
    if (ordered.has(node) || waiting.length === 0) {
      ordered.add(node);
      open.delete(own);
      stack.pop();
      continue;
    }
    open.add(own);
    for (const source of waiting) {
      if (open.has(source)) refuse(`its graph has a cycle, through ${shown(source)} and ${shown(own)}`);
      stack.push({ name: source, from: shown(own) });
    }
  }
  return [...ordered];
}
