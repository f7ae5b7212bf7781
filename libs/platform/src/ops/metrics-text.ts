import { Registry, type Metric } from 'prom-client';

const OPEN = 'application/openmetrics-text';

/** @returns a registry; only one that is made for OpenMetrics can name a trace as the example of a duration */
export function makeRegistry(hasExemplars: boolean): Registry {
  return hasExemplars
    ? (new Registry(Registry.OPENMETRICS_CONTENT_TYPE) as unknown as Registry)
    : new Registry();
}

/**
 * A registry's metrics in the form that a scraper asks for. One with examples is written over a view: for OpenMetrics
 * the package renames counters for good, and the plain form would lose their names.
 * @param accept header of the scraper
 */
export async function metricsText(
  registry: Registry,
  accept = '',
): Promise<{ readonly type: string; readonly text: string }> {
  if (registry.contentType === Registry.PROMETHEUS_CONTENT_TYPE)
    return { type: registry.contentType, text: await registry.metrics() };
  const view = makeRegistry(accept.includes(OPEN));
  // Its types leave out what it takes.
  const register = view.registerMetric.bind(view) as (metric: Metric) => void;
  for (const metric of registry.getMetricsAsArray() as unknown as Metric[]) register(viewOf(metric));
  return { type: view.contentType, text: await view.metrics() };
}

/** @returns a metric with a name of its own to rename */
function viewOf(metric: Metric): Metric {
  const { name, help, type } = metric as unknown as Readonly<Record<'name' | 'help' | 'type', string>>;
  const view = { name, help, type, get: async () => ({ ...(await metric.get()), name: view.name }) };
  return view as unknown as Metric;
}
