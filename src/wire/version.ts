/** Version of the package that this file is part of. */
import { readFileSync } from 'node:fs';

export const readVersion = (): string => {
  const packageJson: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version =
    packageJson !== null && typeof packageJson === 'object' && 'version' in packageJson ? packageJson.version : null;
  return typeof version === 'string' ? version : 'unknown';
};
