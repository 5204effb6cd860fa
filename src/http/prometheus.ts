/** Counters and gauges, and their text for Prometheus (text exposition format 0.0.4). */
import type { Meter } from '../app/ports.js';

/** What one metric is called and means. Names are complete, e.g. `mailtrace_lines_total`. */
export type MetricDefinition = Readonly<{ name: string; type: 'counter' | 'gauge'; help: string }>;

export type MetricRegistry = Meter & Readonly<{ render: () => string }>;

/** Text format version 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Label values come from logs and configurations (host names): a metric with more series than this drops new ones. */
const SERIES_MAX = 5000;

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

const labelText = (labels: Readonly<Record<string, string>>): string => {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return '';
  return `{${names.map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`).join(',')}}`;
};

/** Prometheus writes infinities and NaN its own way. */
const numberText = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
};

/**
 * @param definitions every metric there is; counters without labels begin at 0, so that their first rise is seen
 * @throws Error for a name that is not defined, and for a counter that shall fall: both are faults of the caller.
 */
export const createMetricRegistry = (definitions: readonly MetricDefinition[]): MetricRegistry => {
  const metrics = new Map(
    definitions.map((definition) => [definition.name, { definition, series: new Map<string, number>() }]),
  );
  for (const { definition, series } of metrics.values()) if (definition.type === 'counter') series.set('', 0);

  const seriesOf = (name: string, type: MetricDefinition['type']): Map<string, number> => {
    const metric = metrics.get(name);
    if (metric?.definition.type !== type) throw new Error(`There is no ${type} ${name}.`);
    return metric.series;
  };
  const write = (
    series: Map<string, number>,
    labels: Readonly<Record<string, string>>,
    next: (old: number) => number,
  ): void => {
    const key = labelText(labels);
    if (!series.has(key) && series.size >= SERIES_MAX) return;
    if (key !== '') series.delete('');
    series.set(key, next(series.get(key) ?? 0));
  };

  return {
    add: (name, amount, labels = {}) => {
      if (!(amount >= 0)) throw new Error(`The counter ${name} cannot change by ${amount}.`);
      write(seriesOf(name, 'counter'), labels, (old) => old + amount);
    },
    set: (name, value, labels = {}) => {
      write(seriesOf(name, 'gauge'), labels, () => value);
    },
    render: () =>
      [...metrics.values()]
        .filter(({ series }) => series.size > 0)
        .flatMap(({ definition: { name, type, help }, series }) => [
          `# HELP ${name} ${escapeHelp(help)}`,
          `# TYPE ${name} ${type}`,
          ...[...series].map(([labels, value]) => `${name}${labels} ${numberText(value)}`),
        ])
        .map((line) => `${line}\n`)
        .join(''),
  };
};
