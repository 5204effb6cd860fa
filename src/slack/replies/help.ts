/** `/mailtrace help`. */
import { bold, bullets, type Line, own, paragraph, quote, type Reply, reply } from './blocks.js';

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['/mailtrace ann@x.example', 'mail from or to that address in the last 24 hours'],
  ['/mailtrace ann@x.example yesterday 10am 4h', 'yesterday, four hours before and after 10:00 of your own time zone'],
  ['/mailtrace ann@x.example bob@y.example since 9am', 'both must hold for one message'],
  ['/mailtrace <abc@x.example>', 'a message-id, with or without the brackets'],
  ['/mailtrace 4jWkFk143lznk7d last 30m', 'a queue ID'],
  ['/mailtrace x.example from 9:00 to 11:30', 'a domain, its sub-domains, a client or a relay'],
  ['/mailtrace 198.51.100.0/24', 'a client or relay by address'],
  ['/mailtrace from:ann@x.example to:bob@y.example', 'one meaning only: from: to: id: qid: client: sasl: text:'],
  ['/mailtrace explain 5.7.1', 'a reply or status code in words'],
];

const ALERT_EXAMPLES: readonly (readonly [string, string])[] = [
  ['/mailtrace subscribe bounced expired from:x.example', 'tells this channel when such mail is logged'],
  [
    '/mailtrace subscribe deferred relay:mx.y.example over 20 in 10m',
    'also rejected, loop, slow delay>5m; filters from: to: domain: relay: host: cluster: dsn:5.7.*',
  ],
  ['/mailtrace subscriptions', 'what this channel watches; unsubscribe takes it back'],
  ['/mailtrace mute 1h', 'quiet for so long; unmute ends it'],
];

const exampleBullets = (examples: typeof EXAMPLES) =>
  bullets(examples.map(([example, meaning]): Line => [quote(example), own(` ${meaning}`)]));

export const helpReply = (timeZone: string): Reply =>
  reply(
    [
      `mailtrace follows one mail across all mail servers. Usage: /mailtrace WHAT [WHEN] [DURATION]. Times are read in ${timeZone}.`,
    ],
    [
      paragraph(
        [bold('mailtrace'), own(' follows one mail across all mail servers.')],
        [own('Usage: '), quote('/mailtrace WHAT [WHEN] [DURATION]')],
      ),
      exampleBullets(EXAMPLES),
      paragraph([
        own(
          `Times are read and shown in ${timeZone}. The answer stands in the channel, table and picture in its thread.`,
        ),
      ]),
      paragraph([bold('Alerts'), own(' about what goes wrong, in the channel they are asked for:')]),
      exampleBullets(ALERT_EXAMPLES),
    ],
  );
