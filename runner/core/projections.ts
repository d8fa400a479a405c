/** The norms that a perturbation is measured in; L0 counts changed input values. */
export const norms = ['L0', 'L1', 'L2', 'Linf'] as const;
export type Norm = (typeof norms)[number];
