/** multipart/form-data (RFC 7578), as whole buffers: bodies are bounded before they come here. */

export type Part = Readonly<{ name: string; filename: string | null; bytes: Uint8Array }>;

const PARTS_MAX = 100;

const boundaryOf = (contentType: string): string | null => {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
};

const parameter = (header: string, name: string): string | null =>
  new RegExp(`;\\s*${name}="([^"]{0,500})"`, 'i').exec(header)?.[1] ?? null;

const readPart = (bytes: Buffer): Part | null => {
  const split = bytes.indexOf('\r\n\r\n');
  if (split < 0) return null;
  const headers = bytes.subarray(0, split).toString('utf8').split('\r\n');
  const disposition = headers.find((header) => /^content-disposition:\s*form-data/i.test(header));
  const name = disposition === undefined ? null : parameter(disposition, 'name');
  if (disposition === undefined || name === null) return null;
  return { name, filename: parameter(disposition, 'filename'), bytes: new Uint8Array(bytes.subarray(split + 4)) };
};

/** @returns null when the body is not what its content type says. */
export const readMultipart = (body: Uint8Array, contentType: string): readonly Part[] | null => {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return null;
  // A line break before the first delimiter makes all of them look alike.
  const bytes = Buffer.concat([Buffer.from('\r\n'), body]);
  const delimiter = `\r\n--${boundary}`;
  const parts: Part[] = [];
  let from = bytes.indexOf(delimiter);
  while (from >= 0 && parts.length <= PARTS_MAX) {
    const start = from + delimiter.length;
    if (bytes.subarray(start, start + 2).toString() === '--') return parts;
    const to = bytes.indexOf(delimiter, start);
    if (to < 0) return null;
    // Two bytes: the line break that ends the delimiter.
    const part = readPart(bytes.subarray(start + 2, to));
    if (part === null) return null;
    parts.push(part);
    from = to;
  }
  return null;
};
