/** One residual block of a ResNet-18. */
export interface Block {
  /** Prefix of the names of its weights. */
  readonly name: string;
  /** Channels that come in and go out. */
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/** The eight blocks of a ResNet-18, two per stage; each stage after the first halves the maps' sides and doubles the channels. */
export function blocksOf(width: number): Block[] {
  return [0, 1, 2, 3].flatMap((stage): Block[] => {
    const outputs = width << stage;
    const first = stage === 0;
    return [
      { name: `layer${stage + 1}.0`, inputs: first ? width : outputs / 2, outputs, stride: first ? 1 : 2 },
      { name: `layer${stage + 1}.1`, inputs: outputs, outputs, stride: 1 },
    ];
  });
}
