/** Where the OTLP receiver is. */
import { MailtraceError } from '../errors.js';

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = 'http://localhost:4317';

const HINT = 'Give it as http://host:4317, or https://host:4317 for TLS.';

const given = (text: string | null | undefined): string | null => (text?.trim() ? text.trim() : null);

/**
 * The first that is given: `--otel-endpoint`, OpenTelemetry's variables (that of traces before that of all signals), the
 * configuration, the default. Without a scheme TLS is used, unless `OTEL_EXPORTER_OTLP_INSECURE` says otherwise.
 * @throws MailtraceError `config` for text that is no endpoint
 */
export const chooseEndpoint = ({
  flag,
  env,
  configured,
}: Readonly<{ flag: string | null; env: Env; configured: string | null }>): string => {
  const endpoint =
    given(flag) ??
    given(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) ??
    given(env['OTEL_EXPORTER_OTLP_ENDPOINT']) ??
    given(configured) ??
    DEFAULT_ENDPOINT;
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(endpoint) ?? [];
  const isKnown = scheme === undefined || /^(?:https?|unix)$/i.test(scheme);
  if (!isKnown || !URL.canParse(scheme === undefined ? `https://${endpoint}` : endpoint)) {
    throw new MailtraceError('config', `The OTLP endpoint "${endpoint.slice(0, 200)}" cannot be used.`, HINT);
  }
  return endpoint;
};

/** The endpoint without a password that somebody wrote into it. */
export const shownEndpoint = (endpoint: string): string => endpoint.replace(/^([a-z]+:\/\/)?[^/@]*@/i, '$1');

/** What `OTEL_EXPORTER_OTLP_(TRACES_)PROTOCOL` asks for and is not there; null when all is well. */
export const unknownProtocol = (env: Env): string | null => {
  const protocol = given(env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']) ?? given(env['OTEL_EXPORTER_OTLP_PROTOCOL']);
  return protocol === null || protocol === 'grpc' ? null : protocol;
};
