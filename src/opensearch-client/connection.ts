/** The library's connection, with two faults mended: it hides the code of an error, and it writes to standard output. */
import type { ClientRequestArgs } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Connection as LibraryConnection, errors as LibraryErrors } from '@opensearch-project/opensearch';

/** What the library calls; loaded when a client is opened. */
export type Library = Readonly<{ Connection: typeof LibraryConnection; errors: typeof LibraryErrors }>;

type Params = Parameters<LibraryConnection['request']>[0];
type OnAnswer = Parameters<LibraryConnection['request']>[1];

/** Errors of both addresses of a name (`localhost`) come as one error without text. */
const codeOf = (error: unknown): string => {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
};

const isText = (body: Params['body']): body is string | Buffer => typeof body === 'string' || Buffer.isBuffer(body);

/** The message of its `ConnectionError` is the code of what happened (`ECONNREFUSED`, `CERT_HAS_EXPIRED`). */
export const connectionClass = ({ Connection, errors }: Library): typeof LibraryConnection =>
  class extends Connection {
    override request(params: Params, onAnswer: OnAnswer): ReturnType<LibraryConnection['request']> {
      const options: ClientRequestArgs = this.buildRequestObject(params);
      const request = (this.url.protocol === 'https:' ? httpsRequest : httpRequest)(options);
      let isOver = false;
      const settle: OnAnswer = (error, response) => {
        if (isOver) return;
        isOver = true;
        this._openRequests--;
        onAnswer(error, response);
      };
      this._openRequests++;
      // Stays: an error after the answer began reaches the reader of the answer.
      request.on('error', (error) => settle(new errors.ConnectionError(codeOf(error)), null));
      request.on('response', (response) => settle(null, response));
      request.on('close', () => settle(new errors.RequestAbortedError('ABORTED'), null));
      request.setNoDelay(true);
      request.end(isText(params.body) ? params.body : undefined);
      return request;
    }
  };
