/** Bodies of requests: form fields with JSON inside, JSON, or multipart. */
import { isObject, type JsonObject, parseJson } from '../json.js';
import { readMultipart } from './multipart.js';

/** Arguments that Slack reads as JSON when they come in a form. All others stay text, whatever they look like. */
const JSON_FIELDS = ['blocks', 'attachments', 'view', 'files', 'metadata', 'unfurls', 'file_ids'];

export type Body = Readonly<{ kind: 'args'; args: JsonObject }> | Readonly<{ kind: 'refused'; error: string }>;

/** The type without parameters, in lower case. */
export const mediaType = (header: string | undefined): string => (header ?? '').split(';')[0]!.trim().toLowerCase();

const fromEntries = (entries: Iterable<readonly [string, string]>): JsonObject =>
  Object.fromEntries(
    [...entries].map(([key, value]) => {
      // What is no JSON stays text, and the method refuses it.
      return [key, JSON_FIELDS.includes(key) ? (parseJson(value) ?? value) : value];
    }),
  );

/** Arguments of a Web API call. `query`: those of the address, which the body overrides. */
export const readArgs = (bytes: Uint8Array, contentType: string, query: URLSearchParams): Body => {
  const fromQuery = fromEntries(query);
  const text = new TextDecoder().decode(bytes);
  switch (mediaType(contentType)) {
    case 'application/json': {
      const value = text === '' ? {} : parseJson(text);
      if (value === undefined) return { kind: 'refused', error: 'invalid_json' };
      if (!isObject(value)) return { kind: 'refused', error: 'json_not_object' };
      return { kind: 'args', args: { ...fromQuery, ...value } };
    }
    case 'multipart/form-data': {
      const parts = readMultipart(bytes, contentType);
      if (parts === null) return { kind: 'refused', error: 'invalid_form_data' };
      const fields = parts.filter(({ filename }) => filename === null);
      const entries = fields.map((part) => [part.name, new TextDecoder().decode(part.bytes)] as const);
      return { kind: 'args', args: { ...fromQuery, ...fromEntries(entries) } };
    }
    case '':
      if (bytes.length > 0) return { kind: 'refused', error: 'missing_post_type' };
      return { kind: 'args', args: fromQuery };
    case 'application/x-www-form-urlencoded':
      return { kind: 'args', args: { ...fromQuery, ...fromEntries(new URLSearchParams(text)) } };
    default:
      return { kind: 'refused', error: 'invalid_post_type' };
  }
};

/**
 * The bytes of an uploaded file: the body itself, or the file part of a form (web-api 8 sends one).
 * @returns null when a form holds no file or cannot be read.
 */
export const readUpload = (bytes: Uint8Array, contentType: string): Uint8Array | null => {
  if (mediaType(contentType) !== 'multipart/form-data') return bytes;
  return readMultipart(bytes, contentType)?.find(({ filename }) => filename !== null)?.bytes ?? null;
};
