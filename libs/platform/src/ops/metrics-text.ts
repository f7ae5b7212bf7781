import { Registry, type Metric, type RegistryContentType } from 'prom-client';

const OPEN = 'application/openmetrics-text';

/** @returns a registry; only one that is made for OpenMetrics can name a trace as the example of a duration */
export function makeRegistry(hasExemplars: boolean): Registry {
  const registry = new Registry<RegistryContentType>();
  if (hasExemplars) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry as Registry;
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
  const type: string = registry.contentType;
  if (type === Registry.PROMETHEUS_CONTENT_TYPE) return { type, text: await registry.metrics() };
  const view = makeRegistry(accept.includes(OPEN));
  for (const metric of registry.getMetricsAsArray() as unknown as Metric[])
    view.registerMetric(viewOf(metric));
  return { type: view.contentType, text: await view.metrics() };
}

/** @returns a metric with a name of its own to rename */
function viewOf(metric: Metric): Metric {
  const { name, help, type } = metric as unknown as Readonly<Record<'name' | 'help' | 'type', string>>;
  const view = { name, help, type, get: async () => ({ ...(await metric.get()), name: view.name }) };
  return view as unknown as Metric;
}
