/** The library: open a configuration, trace, render. */
export type { OpenOptions, TraceMessage, TraceOptions, TraceProgress, Tracer } from './app/tracer.js';
export type * from './domain/chain.js';
export { type Explanation, explainCode } from './domain/status-code.js';
export type * from './domain/transaction.js';
export { MailtraceError, type MailtraceErrorCode } from './errors.js';
export { parseTimePhrase } from './query/time-phrase.js';
export { parseKeyword, type TraceQuery } from './query/trace-query.js';
export { renderDot } from './render/dot.js';
export { renderJson } from './render/json.js';
export { openTracerFromConfig as openTracer } from './wire.js';
