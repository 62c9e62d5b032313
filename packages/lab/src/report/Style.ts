/** How the page looks: light, dark and on paper. */

const light = `
  --page: #fff; --card: #fff; --ink: #222b36; --quiet: #5b6673; --rule: #dfe4ea; --link: #2458a6;
  --window: rgba(209, 73, 91, .13); --closed: #2f9e6e; --half-open: #e8b23a; --open: #d1495b;
  --offered: #d3dae3; --absorbed: #2f62ad; --served: #7cbf9f; --failed: #d1495b;
  --heat-good: #8fc1ee; --heat-bad: #f5b78c; --heat-middle: #fbfbf8;`

const dark = `
  --page: #14181d; --card: #1a2027; --ink: #e4e8ed; --quiet: #98a3b0; --rule: #2e3742; --link: #86b4f0;
  --window: rgba(240, 110, 125, .16); --closed: #3fae7d; --half-open: #dca83a; --open: #dc5c6d;
  --offered: #3b4653; --absorbed: #76a9f2; --served: #3c8663; --failed: #dc5c6d;
  --heat-good: #235d92; --heat-bad: #8f4a1d; --heat-middle: #23282e;`

export const style = `
:root { color-scheme: light dark; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 1360px; margin: 0 auto; padding: 2rem 1.5rem 4rem }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; line-height: 1.2 }
h2 { font-size: 1.25rem; margin: 3rem 0 .4rem; padding-top: .6rem; border-top: 1px solid var(--rule) }
h3 { font-size: 1.02rem; margin: 2.2rem 0 .1rem }
p { margin: .3rem 0 .8rem; max-width: 52rem } .quiet, figcaption small { color: var(--quiet) }
a { color: inherit; text-decoration-color: var(--rule) } a:hover { text-decoration-color: currentColor }
code { font: .9em ui-monospace, monospace }
nav { font-size: 13px; color: var(--quiet); columns: 15rem; margin: .8rem 0 } nav a { display: block }
.note { border-left: 3px solid var(--half-open); padding: .3rem .8rem }
.wide { overflow-x: auto }
table.heat { border-collapse: separate; border-spacing: 2px; font-size: 12.5px; font-variant-numeric: tabular-nums }
.heat thead th { height: 10.5rem; vertical-align: bottom; font-weight: 500; padding: 0 .2rem .3rem }
.heat thead span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap }
.heat tbody th { font-weight: normal; text-align: left; white-space: nowrap; padding: .1rem .6rem .1rem 0; vertical-align: top }
.heat tbody th[scope=row] { color: var(--quiet) }
.heat tbody::before { content: ""; display: block; height: 5px }
.heat td { text-align: right; padding: .16rem .5rem; min-width: 4.4rem; border-radius: 2px; white-space: nowrap }
.heat tbody td { background: var(--heat-middle) }
.heat td[style] { background: color-mix(in oklab, color-mix(in oklab, var(--heat-good) calc((var(--good) - 50%) * 2), var(--heat-middle)), var(--heat-bad) calc((50% - var(--good)) * 2)) }
.heat .best { font-weight: 700 }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 1rem 1.2rem; margin-top: .6rem }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1rem 2rem; margin-top: .6rem }
figure { margin: 0; break-inside: avoid; display: flex; flex-direction: column } figcaption { font-size: 13px; font-weight: 600; margin-bottom: .2rem; flex: 1 } figcaption small { font-weight: normal; display: block }
figcaption .bad { color: var(--open); font-weight: 600 } figcaption .good { color: var(--closed); font-weight: 600 }
 svg { width: 100%; height: auto; display: block }
.pair figcaption { flex: none }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: 13px; color: var(--quiet); margin: .4rem 0; max-width: none }
.legend i { display: inline-block; width: .85em; height: .85em; border-radius: 2px; margin-right: .35em; vertical-align: -.08em }
footer { color: var(--quiet); font-size: 13px; margin-top: 3rem }
@page { size: A4 landscape; margin: 12mm }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact }
  h2:first-of-type { break-before: auto; margin-top: 1rem } nav { display: none } a { text-decoration: none }
  h2 { break-before: page; border: 0; margin-top: 0 } h2, h3, p { break-after: avoid }
  .wide { overflow: visible } table.heat { font-size: 9px } .heat td { min-width: 0; padding: .05rem .3rem } .heat tbody, .heat tr { break-inside: avoid }
  .heat thead th { height: auto }
  .grid { grid-template-columns: repeat(4, 1fr); gap: .6rem } .pair { grid-template-columns: 1fr 1fr }
  section { break-inside: avoid } h3 { margin-top: 1rem }
}
`
