/**
 * The metrics of the process in Prometheus' format. Each call makes a registry of its own, so that several hosts in one
 * process, as in tests, do not share counters. Names begin with `flex_`; those of Node.js keep their usual ones.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

interface MetricDescription<Label extends string> {
  readonly name: `flex_${string}`
  readonly help: string
  readonly labels?: readonly Label[]
}

export interface Metrics {
  readonly registry: Registry
  counter<Label extends string = never>(description: MetricDescription<Label>): Counter<Label>
  gauge<Label extends string = never>(description: MetricDescription<Label>): Gauge<Label>
  histogram<Label extends string = never>(
    description: MetricDescription<Label> & { readonly buckets: readonly number[] }
  ): Histogram<Label>
  /** The page that a Prometheus server scrapes. */
  page(): Promise<string>
  readonly contentType: string
  /** Stops the observers of Node.js. */
  close(): void
}

export const metrics = (): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const options = <Label extends string>({ name, help, labels = [] }: MetricDescription<Label>) => ({
    name,
    help,
    labelNames: labels,
    registers: [registry]
  })
  return {
    registry,
    counter: description => new Counter(options(description)),
    gauge: description => new Gauge(options(description)),
    histogram: description => new Histogram({ ...options(description), buckets: [...description.buckets] }),
    page: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => registry.clear()
  }
}
