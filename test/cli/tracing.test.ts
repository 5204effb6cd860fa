import { describe, expect, it } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { type StartTracing, type TracingOptions, tracingCommand } from '../../src/cli/tracing.ts';
import { MailtraceError } from '../../src/errors.ts';
import { fakeIo } from '../support/fake-io.ts';

const run = async (argv: readonly string[], start?: StartTracing) => {
  const started: TracingOptions[] = [];
  const io = fakeIo({ env: { MAILTRACE_CONFIG: 'fleet.yaml' } });
  const note: StartTracing = async (options) => {
    started.push(options);
    await options.warn('the method is file');
  };
  const commands = { tracing: { summary: '', load: async () => tracingCommand(start ?? note) } };
  const code = await dispatch(commands, '1')(['tracing', ...argv], io);
  return { code, started: started[0], out: io.out(), err: io.err() };
};

describe('mailtrace tracing', () => {
  it('leaves to the configuration what no flag says', async () => {
    const { code, started, out, err } = await run([]);
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: 'mailtrace: the method is file\n' });
    expect(started).toMatchObject({
      configPath: 'fleet.yaml',
      otelEndpoint: null,
      intervalMs: null,
      passwords: { login: null, sudo: null, opensearch: null },
    });
  });

  it("takes the Python tool's flags", async () => {
    const { started } = await run(
      `-c c.yaml --otel-endpoint https://otel.example:4317 --interval 2.5 --login-pass a --sudo-pass b --opensearch-pass c`.split(
        ' ',
      ),
    );
    expect(started).toMatchObject({
      configPath: 'c.yaml',
      otelEndpoint: 'https://otel.example:4317',
      intervalMs: 2500,
      passwords: { login: 'a', sudo: 'b', opensearch: 'c' },
    });
  });

  it.each([
    [['--otel-endpoint', 'localhost:4317'], '--otel-endpoint "localhost:4317" is no address.'],
    [['--interval', '0'], '--interval "0" is no number of seconds.'],
    [['--interval', '1m'], '--interval "1m" is no number of seconds.'],
    [['-k', 'x'], 'Unknown flag -k.'],
    [['now'], 'Unexpected argument "now".'],
  ])('refuses %j', async (argv, message) => {
    const { code, err, started } = await run(argv);
    expect({ code, started }).toEqual({ code: 2, started: undefined });
    expect(err).toContain(message);
  });

  it('says what a start fails of', async () => {
    const { code, err } = await run([], () =>
      Promise.reject(new MailtraceError('config', 'There are no clusters.', 'Add clusters.')),
    );
    expect({ code, err }).toEqual({ code: 2, err: 'mailtrace: There are no clusters.\n  Add clusters.\n' });
  });

  it('explains itself', async () => {
    expect((await run(['--help'])).out).toContain('--otel-endpoint URL');
  });
});
