/** Section `architecture`: what the fleet is expected to look like (docs/diagnosis.md). */
import { z } from 'zod';
import { durationMs, networkText, section } from '../sources/option-fields.js';

const names = () => z.preprocess((value) => value ?? undefined, z.array(z.string().min(1)).default([]));

const optionalDuration = () =>
  z.preprocess(
    (value) => value ?? undefined,
    z
      .string()
      .refine((phrase) => durationMs(phrase) !== null, 'must be a duration like 90s, 30m, 4h, 6d or 1h30m')
      .optional(),
  );

const direction = section({
  start: z
    .preprocess((value) => value ?? undefined, z.string().min(1).optional())
    .describe('Host or cluster where a search for such mail begins; default: the first step of the routes.'),
  entry: names().describe(
    'Where such mail comes in: roles, clusters or hosts; default: the first steps of the routes.',
  ),
  exit: names().describe('Where it ends or leaves the fleet; default: the last steps of the routes.'),
  routes: z
    .preprocess(
      (value) => value ?? undefined,
      z.array(z.array(z.string().min(1)).min(1, 'must name a step')).default([]),
    )
    .describe('Ways it may take: roles, clusters or hosts in order; `?` may be left out, `+` may repeat, `*` both.'),
});

const retry = section({
  minimal_backoff_time: optionalDuration().describe('Postfix: shortest wait between two tries; its default is 300s.'),
  maximal_backoff_time: optionalDuration().describe('Postfix: longest wait; its default is 4000s.'),
  queue_run_delay: optionalDuration().describe('Postfix: time between two scans of the deferred queue; default 300s.'),
  maximal_queue_lifetime: optionalDuration().describe('When the MTA gives up; default 5d in Postfix and Sendmail.'),
  queue_interval: optionalDuration().describe('Sendmail, Exim: time between two queue runs (-q30m).'),
});

const table = <Value extends z.ZodType>(value: Value) =>
  z.preprocess((given) => given ?? {}, z.record(z.string().min(1), value));

export const architectureSection = section({
  untracked: names().describe('Own machines whose logs are not here.'),
  domains: names().describe('Domains of ours, with their sub-domains; default: the key domain.'),
  networks: z
    .preprocess((value) => value ?? undefined, z.array(networkText).default([]))
    .describe('Networks of ours: mail from there comes from inside.'),
  roles: table(z.array(z.string().min(1)).min(1, 'must name a host or cluster')).describe(
    'Role → its hosts and clusters; routes are made of roles.',
  ),
  inbound: direction.describe('From outside to addresses of ours.'),
  outbound: direction.describe('From us to addresses elsewhere.'),
  internal: direction.describe('From us to us.'),
  forwarded: direction.describe('From outside to an address of ours that leads outside again.'),
  notices: direction.describe('Bounces and delay reports that an MTA of ours made.'),
  retry: table(retry).describe('Host, cluster or role → when its MTA tries again.'),
}).describe('What the fleet is expected to look like: routes, machines without logs, retry times.');

export type ArchitectureSection = z.output<typeof architectureSection>;
