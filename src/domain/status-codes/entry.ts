/** What one status code means to a postmaster. */
export type StatusEntry = Readonly<{
  /** The registry's own short name. */
  title: string;
  /** One sentence. */
  meaning: string;
  /** The usual cause. */
  cause: string;
  /** Log, parameter, queue or command to look at next. */
  lookNext: string;
  /** The RFC that defines the code. */
  source: string;
}>;

/** Keys: `X.1.1` for every class, `5.1.1` where one class says more. */
export type StatusEntries = Readonly<Record<string, StatusEntry>>;
