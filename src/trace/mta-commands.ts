/** What a postmaster types on a machine, in the dialect of its MTA. */
import type { Mta } from '../domain/event.js';

/** Null where the MTA has no such command. */
export type QueueCommands = Readonly<{
  /** Lists the queue. */
  list: string;
  /** Shows what the MTA knows of this message. */
  show: string | null;
  /** Tries it at once. */
  force: string | null;
  release: string | null;
  remove: string | null;
  /** How to find all that was logged of it. */
  inLog: string;
}>;

/** postqueue(1), postcat(1), postsuper(1); exim(8); sendmail(8); smtpctl(8). */
export const queueCommands = (mta: Mta, queueId: string): QueueCommands => {
  switch (mta) {
    case 'exim':
      return {
        list: 'exim -bp',
        show: `exim -Mvl ${queueId}`,
        force: `exim -M ${queueId}`,
        release: `exim -Mt ${queueId}`,
        remove: `exim -Mrm ${queueId}`,
        inLog: `exigrep ${queueId} on the main log shows all of it`,
      };
    case 'sendmail':
      return {
        list: 'mailq -v',
        show: null,
        force: `sendmail -v -qI${queueId}`,
        release: `sendmail -qQI${queueId}`,
        remove: null,
        inLog: `look in the log for ${queueId}`,
      };
    case 'opensmtpd':
      return {
        list: 'smtpctl show queue',
        show: `smtpctl show message ${queueId}`,
        force: `smtpctl schedule ${queueId}`,
        release: `smtpctl resume envelope ${queueId}`,
        remove: `smtpctl remove ${queueId}`,
        inLog: `look in the log for ${queueId}`,
      };
    case 'kumomta':
      return {
        list: 'kcli queue-summary',
        show: `kcli inspect-message ${queueId}`,
        force: null,
        release: null,
        remove: null,
        inLog: `look in the log records for ${queueId}`,
      };
    case 'postfix':
      return {
        list: 'postqueue -p',
        show: `postcat -q ${queueId}`,
        force: `postqueue -i ${queueId}`,
        release: `postsuper -H ${queueId}`,
        remove: `postsuper -d ${queueId}`,
        inLog: `look in the log for ${queueId}`,
      };
    // What takes the place of sendmail(8) lists the queue as mailq and runs it with -q; more is not known of it.
    default:
      return {
        list: 'mailq',
        show: null,
        force: 'sendmail -q',
        release: null,
        remove: null,
        inLog: `look in the log for ${queueId}`,
      };
  }
};

/** General advice names Postfix's commands; on a machine with another MTA they are that one's. `QUEUEID` is filled in. */
export const inDialect = (advice: string, mta: Mta, queueId: string): string => {
  const commands = queueCommands(mta, queueId);
  const postfix = queueCommands('postfix', 'QUEUEID');
  const pairs: readonly (readonly [string | null, string | null])[] = [
    [postfix.force, commands.force ?? commands.list],
    [postfix.show, commands.show ?? commands.list],
    [postfix.release, commands.release ?? commands.list],
    [postfix.remove, commands.remove ?? commands.list],
    [postfix.list, commands.list],
  ];
  const translated = pairs.reduce(
    (text, [from, to]) => (from === null || to === null ? text : text.replaceAll(from, to)),
    advice,
  );
  const foreign =
    mta === 'postfix'
      ? translated
      : translated
          .replace('`qshape deferred` or ', '')
          .replace(/ if only IPv6 fails set smtp_address_preference=ipv4;/, '');
  return foreign.replaceAll('QUEUEID', queueId);
};
