/** What the lab writes into the pages beside its own: tables and lists made of the figures that are kept. */
import type { Catalogue } from "./Catalogue.ts"
import { budgets, parts } from "./Comparisons.ts"
import { type Name, format, heading, metrics } from "./Metric.ts"
import { type Figures, type Table, cellText, loopName, markdown, meanIn, medianIn } from "./Published.ts"

export interface Page {
  /** Within the repository. */
  readonly path: string
  /** None of a catalogue that does not compare what it shows. */
  readonly tables: (catalogue: Catalogue, figures: Figures) => ReadonlyArray<Table>
}

/** The rows of the headline table that `docs/composition.md` compares the orders by. */
const orderRows: ReadonlySet<string> = new Set([
  "outage-100",
  "brownout-30-100",
  "brownout-50-100",
  "brownout-80-100",
  "brownout-busy",
  "metastable",
  "outage-1000",
  "outage-by-the-minute"
])

/** Its columns: the designs with Truce's open times, so that only the order, the model and the budget differ. */
const orders = [
  ["retry-only", "retry only"],
  ["effect-consecutive-short", "fused, 5 in a row"],
  ["outside-consecutive-short", "outside, 5 in a row"],
  ["truce", "Truce"]
] as const

/** The table of `docs/composition.md`; none of a catalogue without its designs. */
const orderTables = ({ headline }: Catalogue, figures: Figures): ReadonlyArray<Table> =>
  orders.every(([design]) => headline.columns.some((column) => column === design))
    ? [
        {
          name: "orders",
          markdown: markdown(
            ["", ...orders.map(([, title]) => title)],
            headline.rows.flatMap(({ metrics, name, title }) => {
              const cells = orders.map(([design]) => cellText(figures, name, design, metrics))
              return orderRows.has(name) ? [[`${title}: ${metrics.map(heading).join(" / ")}`, ...cells]] : []
            })
          )
        }
      ]
    : []

const availability = (catalogue: Catalogue, figures: Figures, scenario: string, design: string): string =>
  format(metrics.availability, medianIn(catalogue, figures, scenario, design, "availability"))

const compares = ({ comparisons }: Catalogue): boolean => comparisons.length > 0

/** The table of `docs/retry.md`: what each rule of a retry budget costs and saves. */
const budgetTables = (catalogue: Catalogue, figures: Figures): ReadonlyArray<Table> => {
  if (!compares(catalogue)) return []
  const rules: { readonly [B in (typeof budgets)[number]]: string } = {
    truce: "`saturation`",
    "truce-unlimited": "`unlimited`",
    "truce-ratio": "`ratio` 20 %",
    "truce-aws": "`aws`",
    "truce-grpc": "`grpc`"
  }
  const scenarios = [
    ["brownout-30-100", "30 % of attempts fail"],
    ["brownout-50-100", "50 % of attempts fail"],
    ["brownout-busy", "30 % fail at 80 % utilisation"]
  ] as const
  const burst = (design: string): string =>
    figure(medianIn(catalogue, figures, "brownout-50-bursty", design, "availability"))
  return [
    {
      name: "budgets",
      markdown: markdown(
        ["rule", ...scenarios.map(([, title]) => title)],
        budgets.map((design) =>
          [rules[design]].concat(scenarios.map(([scenario]) => availability(catalogue, figures, scenario, design)))
        )
      )
    },
    {
      name: "bursts",
      markdown:
        `A retry holds its token until it has ended, its wait included, so the default capacity of 10 affords ten retries at once. Where calls come in bursts that is too few: in the lab's ` +
        "`brownout-50-bursty`" +
        ` ${burst("truce")} % of the calls succeed, with ` +
        "`RetryBudget.saturation({ capacity: 100 })`" +
        ` ${burst("truce-budget-100")} %.`
    }
  ]
}

/** The tables of `docs/health-score.md`: what each part of the score is worth, and what else it might drive. */
const scoreTables = (catalogue: Catalogue, figures: Figures): ReadonlyArray<Table> => {
  if (!compares(catalogue)) return []
  const titles: { readonly [P in (typeof parts)[number]]: string } = {
    "truce-half": "every attempt in full, tolerance 1/2, `n` fixed",
    "truce-two-thirds": "tolerance 2/3",
    "truce-discounted": "and the j-th failed attempt of a call 0.5^j",
    truce: "and `n` growing with traffic: the default"
  }
  const served = (design: string): string => availability(catalogue, figures, "brownout-50-10", design)
  const wasted = (design: string): string =>
    format(metrics.wasted, medianIn(catalogue, figures, "blackhole", design, "wasted"))
  return [
    {
      name: "parts",
      markdown: markdown(
        ["score", "design", "availability, %"],
        [
          ...parts.map((design) => [titles[design], `\`${design}\``, served(design)]),
          ["retries alone, the most that is possible", "`retry-only`", served("retry-only")]
        ]
      )
    },
    {
      name: "gates",
      markdown: `Backoff, the number of probes, the open time and the permission to retry look like natural uses. Where [the lab](lab.md) has tried it, it cost: to retry only at a score of 0.8 or more (\`truce-gated\`) takes a 50 % brownout at 10 calls a second from ${served("truce")} to ${served("truce-gated")} % of the calls, because a denied retry denies the score its success too; ten probes at once (\`truce-ten-probes\`) waste ${wasted("truce-ten-probes")} attempts in a blackhole, one ${wasted("truce")}. So the score opens and closes and is shown; the [budget](retry.md#budget) is a second ledger with its own currency, and time decides the rest.`
    }
  ]
}

/** As whole a number as says something. */
const figure = (value: number | null): string =>
  value === null ? "never" : value < 1 && value > 0 ? value.toFixed(1) : `${Math.round(value)}`

/** What Truce loses, of the page that compares. */
const notBest = (catalogue: Catalogue, figures: Figures): ReadonlyArray<Table> => {
  if (!compares(catalogue)) return []
  const mean = (row: string, design: string, metric: Name): string =>
    figure(meanIn(catalogue, figures, row, design, metric))
  const median = (scenario: string, design: string, metric: Name): string =>
    figure(medianIn(catalogue, figures, scenario, design, metric))
  const outages = ["outage-by-the-minute", "outage-10", "outage-100", "outage-1000"]
  const span = (design: string): string => {
    const absorbed = outages.map((row) => meanIn(catalogue, figures, row, design, "absorbed") ?? Infinity)
    return `${figure(Math.min(...absorbed))} to ${figure(Math.max(...absorbed))}`
  }
  const alone = (design: string): string => `${figures[loopName(1, design, "outage")]?.[0] ?? "never"}`
  const cold = (design: string): string => mean("cold-cache", design, "availability-after")
  const blip = (design: string): string => median("blip-100-1000", design, "availability-first-second")
  const burst = (design: string): string => median("brownout-50-bursty", design, "availability")
  const overload = (design: string): string => mean("overload", design, "availability")
  const flapping = (design: string): string => mean("flapping", design, "availability")
  const load = medianIn(catalogue, figures, "brownout-80-100", "retry-only", "load") ?? Infinity
  const lines = [
    `**Hard outages.** Five failures in a row, counted around each attempt, let ${span("outside-consecutive-short")} attempts through before they open, the health score ${span("truce")}, by traffic. It pays for that in brownouts.`,
    `**One sequential, hot caller.** At about 14 calls a second, Truce absorbs ${alone("truce")} attempts, a breaker around the retry ${alone("effect-consecutive")}.`,
    `**A total blip of 100 ms at 1000 calls a second.** Truce opens for half a second and serves ${blip("truce")} % of that second; a breaker around the retry does not open. \`persistenceMillis: 250\` rides it out, with ${blip("truce-persistence")} %.`,
    `**A cold cache after an outage.** ${cold("truce")} % of the calls succeed afterwards; with the client throttling of Google's SRE book ${cold("sre-throttle-1.5")} %. [\`slowStart: true\`](circuit-breaker.md#slow-start) takes Truce to ${cold("truce-slow-start")} %. It is off by default: under overload it takes ${overload("truce")} to ${overload("truce-slow-start")} %, under flapping ${flapping("truce")} to ${flapping("truce-slow-start")} %.`,
    `**Bursts.** A retry holds its token while it waits, so the default budget of 10 tokens affords ten retries at once. With 500 calls a second a fifth of the time, half of them failing, Truce serves ${burst("truce")} % of the calls, retries alone ${burst("retry-only")} %. \`RetryBudget.saturation({ capacity: 100 })\` serves ${burst("truce-budget-100")} % there.`,
    `**Plain overload.** At 120 % of capacity every breaker that is open or closed oscillates; Truce serves ${overload("truce")} % where 83 % is possible. An adaptive concurrency limiter is the right tool: failsafe-go has one.`,
    `**Four errors in five.** Above two thirds the breaker dominates by design: ${median("brownout-80-100", "truce", "availability")} % of the calls succeed, with retries alone ${median("brownout-80-100", "retry-only", "availability")} %, at ${load.toFixed(1)} times the load.`
  ]
  return [{ name: "not-the-best", markdown: lines.map((line) => `- ${line}`).join("\n") }]
}

/** The pages beside `docs/lab.md`. */
export const pages: ReadonlyArray<Page> = [
  { path: "docs/composition.md", tables: orderTables },
  { path: "docs/retry.md", tables: budgetTables },
  { path: "docs/health-score.md", tables: scoreTables },
  { path: "docs/comparison.md", tables: notBest }
]
