/** The look of the report: one column, light or dark as the reader has it, tables that scroll by themselves. */
export const style: string = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #5b636c; --line: #d5dae0; --accent: #0b5cad; --warn: #8a4b00; --tint: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --ink: #e8eaed; --soft: #a7b0ba; --line: #3a424b; --accent: #7db8f5; --warn: #f0b05a; --tint: #1e2328 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; font: 1rem/1.55 system-ui, sans-serif; background: var(--paper); color: var(--ink); overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem } h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem } h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: .5rem 0; max-width: 46rem } .soft { color: var(--soft) } a { color: var(--accent) } code { font-size: .9em }
.lead { font-size: 1.15rem }
.wide { overflow-x: auto; margin: .75rem 0 } .wide:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal }
caption { text-align: start; color: var(--soft); padding-bottom: .25rem; max-inline-size: calc(100vw - 2rem) } th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: start; font-weight: 400; white-space: nowrap }
thead th { color: var(--soft) } .number { text-align: end }
.sign { border-inline-start: 4px solid var(--warn); padding-inline-start: .9rem; margin: 1rem 0 }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 1.25rem; padding: 0; list-style: none }
.pairs div { display: flex; gap: .5rem } .pairs figure { margin: 0; flex: 1; min-width: 0 } .pairs img { width: 100%; display: block; background: var(--tint) } .small img { image-rendering: pixelated }
.pairs figcaption, .pairs p { font-size: .875rem; margin: .25rem 0 0 }
svg { width: 100%; max-width: 32rem; height: auto; display: block } svg text { font: 12px system-ui, sans-serif; fill: var(--soft) }
svg .axis { stroke: var(--line) } svg .curve { stroke: var(--accent); stroke-width: 2; fill: none } svg .radius { stroke: var(--warn); stroke-dasharray: 5 4 }
@media print { .wide { overflow: visible } details { display: block } }
`;
