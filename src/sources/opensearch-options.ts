/** `opensearch_config`: where indexed logs are. Keys and defaults of the Python tool, but certificates are verified. */
import { z } from 'zod';
import type { ClusterAddress } from '../opensearch-client/address.js';
import { isZone } from '../zone.js';
import { flag, port, seconds, section, text } from './option-fields.js';

/** A field of the index. Empty or null: there is none. */
const field = (preset: string) => z.preprocess((value) => (value === null ? '' : value), z.string().default(preset));

const mapping = section({
  facility: field('log.syslog.facility.name').describe('Syslog facility.'),
  hostname: field('host.name').describe('Host that logged the line.'),
  message: field('message').describe('Text of the line.'),
  timestamp: field('@timestamp').describe('Instant of the line.'),
  service: field('log.syslog.appname').describe('Program that logged the line.'),
  queueid: field('').describe('Queue ID, where the pipeline extracts it.'),
  queued_as: field('').describe('Next queue ID, likewise.'),
  mail_id: field('').describe('Queue ID under its former name.'),
  message_id: field('').describe('Message-id, where the pipeline extracts it.'),
  relay_host: field('').describe('Relay name, likewise.'),
  relay_ip: field('').describe('Relay address, likewise.'),
  relay_port: field('').describe('Relay port, likewise.'),
  smtp_code: field('').describe('SMTP reply code, likewise.'),
});

export const opensearchOptions = section({
  host: text('').describe('Host name of the cluster.'),
  port: port(9200).describe('Its HTTP port.'),
  username: text('').describe('User; empty for none.'),
  password: text('').describe('Password. Better: MAILTRACE_OPENSEARCH_PASSWORD or --ask-opensearch-pass.'),
  use_ssl: flag(false).describe('Speak TLS.'),
  verify_certs: flag(true).describe('With use_ssl: check the certificate.'),
  ca_file: text('').describe(
    'With use_ssl: PEM of the authority that signed the certificate; empty for those of the system.',
  ),
  client_cert_file: text('').describe('PEM of a client certificate; empty for none.'),
  client_key_file: text('').describe('PEM of its key.'),
  index: text('').describe('Index, alias, pattern or data stream.'),
  time_zone: z
    .preprocess(
      (value) => value ?? undefined,
      z.string().refine(isZone, 'must be an offset like +08:00 or a time zone by name').default('+00:00'),
    )
    .describe('Zone of stamps that were indexed without one.'),
  timeout: seconds(10).describe('Seconds to wait for an answer.'),
  mapping: mapping.describe('Our name of a fact → the field that holds it.'),
});

export type OpensearchOptions = z.infer<typeof opensearchOptions>;

const orNull = (value: string): string | null => (value === '' ? null : value);

/** @param password from wherever it was given; null for none */
const toAddress = (options: OpensearchOptions, password: string | null): ClusterAddress => ({
  host: options.host,
  port: options.port,
  useSsl: options.use_ssl,
  verifyCerts: options.verify_certs,
  caFile: orNull(options.ca_file),
  clientCertFile: orNull(options.client_cert_file),
  clientKeyFile: orNull(options.client_key_file),
  username: orNull(options.username),
  password,
  timeoutMs: options.timeout * 1000,
});

/** What `openOpensearch` takes of the section. */
export const toSourceOptions = (options: OpensearchOptions, password: string | null) => ({
  address: toAddress(options, password),
  index: options.index,
  fields: options.mapping,
  timeZone: options.time_zone,
});
