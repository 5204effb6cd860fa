/** `${NAME}` in a text of the configuration → the environment variable. `$${` is a plain `${`. */

export type Env = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?/g;

/**
 * A variable that is set but empty is an empty text. What is put in is not read again.
 * @returns the names of what is missing as problems; the text around stays out of them, it may be secret.
 * @example expandEnv('${USER}@host', { USER: 'ann' }) // { text: 'ann@host', problems: [] }
 */
export const expandEnv = (text: string, env: Env): Readonly<{ text: string; problems: readonly string[] }> => {
  const problems: string[] = [];
  const expanded = text.replace(REFERENCE, (found: string, name: string | undefined) => {
    if (found === '$${') return '${';
    if (name === undefined) {
      problems.push('holds ${ without a variable name and }; write $${ for a plain ${');
      return '';
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined) problems.push(`the environment variable ${name} is not set; write $\${ for a plain \${`);
    return value ?? '';
  });
  return { text: expanded, problems };
};
