/** Patterns of ssh_config(5) and known_hosts: `*`, `?`, and `!` for what is not meant. */

const toRegExp = (pattern: string): RegExp => {
  // Runs of stars are one star: `*****` must not make the search slow.
  const source = pattern.replace(/\*+|[.+^${}()|[\]\\?]/g, (sign) => {
    if (sign.startsWith('*')) return '.*';
    return sign === '?' ? '.' : `\\${sign}`;
  });
  return new RegExp(`^${source}$`, 'is');
};

/** True when one of `patterns` matches and none that is negated does (PATTERNS in ssh_config(5)). Case is ignored. */
export const isPatternMatch = (patterns: readonly string[], name: string): boolean => {
  let isFound = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith('!');
    if (!toRegExp(isNegated ? pattern.slice(1) : pattern).test(name)) continue;
    if (isNegated) return false;
    isFound = true;
  }
  return isFound;
};
