import { Counter, Gauge, Histogram } from 'prom-client';
import { makeRegistry, metricsText } from './metrics-text';

const OPEN = 'application/openmetrics-text; version=1.0.0, text/plain;q=0.5';

function filled(hasExemplars: boolean): ReturnType<typeof makeRegistry> {
  const registry = makeRegistry(hasExemplars);
  const registers = [registry];
  new Counter({ name: 'calls_total', help: 'c', registers }).inc(2);
  new Gauge({ name: 'open', help: 'g', registers }).set(1);
  const seconds = new Histogram<'trace_id'>({
    ...{ name: 'seconds', help: 'h', buckets: [1], registers },
    enableExemplars: hasExemplars,
  });
  if (hasExemplars) seconds.observe({ labels: {}, value: 0.5, exemplarLabels: { trace_id: 'abc' } });
  else seconds.observe(0.5);
  return registry;
}

it('writes the plain form for everybody where there are no examples', async () => {
  const { type, text } = await metricsText(filled(false), OPEN);
  expect(type).toMatch(/^text\/plain/);
  expect(text).toContain('\ncalls_total 2\n');
});

it('writes each form again and again, however often the other was asked for', async () => {
  const registry = filled(true);
  for (let round = 0; round < 2; round++) {
    const open = await metricsText(registry, OPEN);
    expect(open.type).toMatch(/^application\/openmetrics-text/);
    expect(open.text).toMatch(/# TYPE calls counter\ncalls_total 2\n/);
    expect(open.text).toMatch(/^seconds_bucket\{le="1"\} 1 # \{trace_id="abc"\} 0\.5 \d+/m);
    expect(open.text.endsWith('\n# EOF\n')).toBe(true);
    const plain = await metricsText(registry);
    expect(plain.type).toMatch(/^text\/plain/);
    expect(plain.text).toMatch(/# TYPE calls_total counter\ncalls_total 2\n/);
    expect(plain.text).toContain('\nopen 1\n');
    expect(plain.text).not.toContain('abc');
  }
});
