/** Whether the squared distance pulls on an image that is a success: for one constant it does, then not, then as was better. */
export function restOrPull(batch: number) {
  const pulled = new Uint8Array(batch).fill(1);
  const nearest = [0, 1].map(() => new Float64Array(batch).fill(Number.POSITIVE_INFINITY)) as [
    Float64Array,
    Float64Array,
  ];
  return {
    pulled,
    /** @param reached how near each row came with the last constant; Infinity without a success, which says nothing */
    learn(reached: Float64Array) {
      for (const [row, distance] of reached.entries()) {
        const now = pulled[row] as 0 | 1;
        nearest[now][row] = Math.min(nearest[now][row] as number, distance);
        const [rest, pull] = [nearest[0][row] as number, nearest[1][row] as number];
        if (Math.min(rest, pull) === Number.POSITIVE_INFINITY) continue;
        pulled[row] = rest === Number.POSITIVE_INFINITY ? 0 : pull < rest ? 1 : 0;
      }
    },
  };
}
