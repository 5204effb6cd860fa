/** Where a cluster is and who we are there. */
export type ClusterAddress = Readonly<{
  host: string;
  port: number;
  useSsl: boolean;
  /** Only with TLS. False: any certificate will do. */
  verifyCerts: boolean;
  /** PEM. Null: the authorities that this machine trusts. */
  caFile: string | null;
  /** PEM, of a client certificate and its key. Null: none. */
  clientCertFile: string | null;
  clientKeyFile: string | null;
  /** Null: none. */
  username: string | null;
  password: string | null;
  timeoutMs: number;
}>;
