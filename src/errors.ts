/**
 * The failures a user can act on. Everything else that is thrown is a bug and travels up to the front end.
 */

export type MailtraceErrorCode =
  | 'usage'
  | 'config'
  | 'time-phrase'
  | 'keyword'
  | 'source'
  | 'limit'
  | 'render'
  | 'slack'
  | 'interrupted';

/**
 * `message` names the thing that failed, `hint` says what to do about it.
 * Does not cover bugs (their own classes) nor odd log lines (those are data).
 */
export class MailtraceError extends Error {
  readonly code: MailtraceErrorCode;
  readonly hint: string;

  constructor(code: MailtraceErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MailtraceError';
    this.code = code;
    this.hint = hint;
  }
}
