/** Certificates of the configuration, looked at before anything is sent: a fault of theirs is no fault of the cluster. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { MailtraceError } from '../errors.js';
import type { ClusterAddress } from './address.js';

/** As Node's `tls.connect` takes it. */
export type Tls = Readonly<{ rejectUnauthorized: boolean; ca?: Buffer; cert?: Buffer; key?: Buffer }>;

type Key = 'ca_file' | 'client_cert_file' | 'client_key_file';

const refuse = (key: Key, text: string, hint: string, cause?: unknown): MailtraceError =>
  new MailtraceError('config', `opensearch_config.${key}${text}`, hint, cause === undefined ? undefined : { cause });

const readPem = async (key: Key, path: string | null): Promise<Buffer | null> => {
  if (path === null) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw refuse(key, `: ${path} cannot be read.`, 'Name a PEM file that this user may read.', error);
  }
};

/** Node passes over a CA file without a certificate, and then trusts nobody. */
const checkCertificate = (key: Key, path: string | null, pem: Buffer | null): void => {
  if (pem === null) return;
  try {
    new X509Certificate(pem);
  } catch (error) {
    const hint = 'Name a file with -----BEGIN CERTIFICATE----- in it.';
    throw refuse(key, `: ${path} holds no certificate in PEM form.`, hint, error);
  }
};

/** Half of the pair logs in as nobody. */
const checkPair = ({ clientCertFile: certFile, clientKeyFile: keyFile }: ClusterAddress): void => {
  if (certFile !== null && keyFile === null)
    throw refuse('client_key_file', ' is missing: client_cert_file is set.', 'Name the key of that certificate.');
  if (certFile === null && keyFile !== null)
    throw refuse('client_cert_file', ' is missing: client_key_file is set.', 'Name the certificate of that key.');
};

const checkKey = (path: string | null, cert: Buffer, key: Buffer): void => {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const hint = 'Name the key of client_cert_file, in PEM form and without a passphrase.';
    throw refuse('client_key_file', `: ${path} is not the key of the client certificate.`, hint, error);
  }
};

/** @throws MailtraceError `config` for a file that cannot be read, is none, or does not belong to the other */
export const readTls = async (address: ClusterAddress): Promise<Tls> => {
  checkPair(address);
  const [ca, cert, key] = await Promise.all([
    readPem('ca_file', address.caFile),
    readPem('client_cert_file', address.clientCertFile),
    readPem('client_key_file', address.clientKeyFile),
  ]);
  checkCertificate('ca_file', address.caFile, ca);
  checkCertificate('client_cert_file', address.clientCertFile, cert);
  if (cert !== null && key !== null) checkKey(address.clientKeyFile, cert, key);
  return {
    rejectUnauthorized: address.verifyCerts,
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
};
