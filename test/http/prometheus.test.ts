import { describe, expect, it } from 'vitest';
import { createMetricRegistry } from '../../src/http/prometheus.ts';

const registry = () =>
  createMetricRegistry([
    { name: 'mailtrace_lines_total', type: 'counter', help: 'Lines read.' },
    { name: 'mailtrace_lag_seconds', type: 'gauge', help: 'How far behind.\nA \\ and a line.' },
  ]);

describe('the text for Prometheus', () => {
  it('begins counters at 0 and leaves gauges out until they are set', () => {
    expect(registry().render()).toBe(
      '# HELP mailtrace_lines_total Lines read.\n# TYPE mailtrace_lines_total counter\nmailtrace_lines_total 0\n',
    );
  });

  it('adds up by labels, in whatever order they are given, and escapes what hosts are called', () => {
    const metrics = registry();
    metrics.add('mailtrace_lines_total', 2, { host: 'a"b\\c\nd', kind: 'x' });
    metrics.add('mailtrace_lines_total', 3, { kind: 'x', host: 'a"b\\c\nd' });
    expect(metrics.render().split('\n')[2]).toBe('mailtrace_lines_total{host="a\\"b\\\\c\\nd",kind="x"} 5');
    expect(metrics.render()).not.toContain('mailtrace_lines_total 0');
  });

  it('writes gauges, infinities and helps of several lines', () => {
    const metrics = registry();
    metrics.set('mailtrace_lag_seconds', 1.5);
    metrics.set('mailtrace_lag_seconds', Number.POSITIVE_INFINITY, { source: 'ssh' });
    expect(metrics.render()).toContain('# HELP mailtrace_lag_seconds How far behind.\\nA \\\\ and a line.\n');
    expect(metrics.render()).toContain('mailtrace_lag_seconds{source="ssh"} +Inf\n');
  });

  it('keeps a bound on the number of series', () => {
    const metrics = registry();
    for (let n = 0; n < 6000; n++) metrics.add('mailtrace_lines_total', 1, { host: `h${n}` });
    expect(metrics.render().split('\n').length).toBeLessThan(5010);
  });

  it('refuses unknown names and counters that fall', () => {
    expect(() => registry().add('mailtrace_line_total', 1)).toThrow(/no counter mailtrace_line_total/);
    expect(() => registry().set('mailtrace_lines_total', 1)).toThrow(/no gauge/);
    expect(() => registry().add('mailtrace_lines_total', -1)).toThrow(/cannot change by -1/);
  });
});
