/** The commands there are. Each is loaded when it is called, so that `explain` does not wait for an SSH library. */
import type { Commands } from '../../cli/dispatch.js';

export const commands: Commands = {
  run: {
    summary: 'find messages and trace them over all hosts',
    load: async () => {
      const [{ runCommand }, { openTracerFromConfig }] = await Promise.all([
        import('../../cli/run.js'),
        import('../../wire/tracer.js'),
      ]);
      return runCommand({ openTracer: openTracerFromConfig });
    },
  },
  graph: {
    summary: 'the same trace as a picture: DOT, SVG, PNG',
    load: async () => {
      const [{ graphCommand }, { openTracerFromConfig }, { createImager }] = await Promise.all([
        import('../../cli/graph.js'),
        import('../../wire/tracer.js'),
        import('../../wire/imager.js'),
      ]);
      return graphCommand({ openTracer: openTracerFromConfig, imager: createImager() });
    },
  },
  doctor: {
    summary: 'check configuration, access to the logs, zones and clocks',
    load: async () => {
      const [{ doctorCommand }, { openDoctor }] = await Promise.all([
        import('../../cli/doctor.js'),
        import('../../wire/doctor.js'),
      ]);
      return doctorCommand({ openDoctor });
    },
  },
  explain: {
    summary: 'a reply or status code in words: meaning, usual cause, where to look',
    load: async () => (await import('../../cli/explain.js')).explainCommand,
  },
  slack: {
    summary: 'the Slack bot',
    load: async () => {
      const [{ slackCommand }, { startSlack }] = await Promise.all([
        import('../../cli/service.js'),
        import('../../wire/bot.js'),
      ]);
      return slackCommand(startSlack);
    },
  },
  tracing: {
    summary: 'follow the logs without end: OTLP spans, index, alerts',
    load: async () => {
      const [{ tracingCommand }, { startTracing }] = await Promise.all([
        import('../../cli/tracing.js'),
        import('../../wire/tracing.js'),
      ]);
      return tracingCommand(startTracing);
    },
  },
  playground: {
    summary: 'the bot against a simulated Slack and sample logs',
    load: async () => {
      const [{ playgroundCommand }, { startPlayground }] = await Promise.all([
        import('../../cli/service.js'),
        import('../../wire/playground.js'),
      ]);
      return playgroundCommand(startPlayground);
    },
  },
};
