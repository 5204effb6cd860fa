/** Chains and refusals of which every text an outsider can write is an attack on Slack. */
import type { Chain, TraceReport } from '../../../src/domain/chain.ts';
import {
  at,
  attempt,
  chain,
  finding,
  hop,
  recipient,
  reject,
  relay,
  report,
  source,
  transaction,
} from '../../support/chains.ts';

/** No field of a log line can hold a line break, but a JSON log can. */
export const HOSTILE =
  '<!channel> <@U01ALICE> <#C01GENERAL> <!subteam^S01OPS> <http://evil.example/x|bank> *bold* _it_ ~st~ `code` ```pre``` :smile: @here &lt;!everyone&gt; https://evil.example/\u202egnp.exe\u200b\u0007\n> quote';

export const hostileChain = (): Chain =>
  chain({
    verdict: 'bounced',
    summary: `mx refused it: ${HOSTILE}`,
    nextStep: `Read: ${HOSTILE}`,
    transactions: [
      transaction({
        host: `mx1-${HOSTILE}`,
        queueId: `Q-${HOSTILE}`,
        messageId: `${HOSTILE}@x.example`,
        sender: `"${HOSTILE}"@sender.example`,
        recipients: [
          recipient(`"${HOSTILE}"@campus.example`, [
            attempt({
              timeMs: at(2),
              status: 'bounced',
              dsn: '5.1.1',
              replyCode: 550,
              relay: relay(`relay-${HOSTILE}`, '203.0.113.9'),
              response: HOSTILE,
            }),
          ]),
        ],
      }),
    ],
    hops: [
      hop([`mx1-${HOSTILE}`, `Q-${HOSTILE}`], [`gap-${HOSTILE}`, HOSTILE], { gap: 'external', recipients: [HOSTILE] }),
    ],
    findings: [finding({ code: 'rejected', text: HOSTILE, host: HOSTILE })],
  });

export const hostileReport = (facts: Partial<TraceReport> = {}): TraceReport =>
  report({
    rejects: [
      reject({
        sender: HOSTILE,
        recipient: HOSTILE,
        text: HOSTILE,
        client: { name: HOSTILE, ip: HOSTILE, sasl: HOSTILE },
      }),
    ],
    sources: [source({ host: HOSTILE, status: 'unreadable', error: HOSTILE }), source({ host: 'mx2.campus.example' })],
    findings: [finding({ code: 'limit', text: HOSTILE })],
    complete: false,
    ...facts,
  });
