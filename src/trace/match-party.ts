/** Does an address fit one of several: a whole address, `@domain`, `domain` with its sub-domains, or `<>`. */

const domainOf = (address: string): string =>
  address
    .slice(address.lastIndexOf('@') + 1)
    .toLowerCase()
    .replace(/\.$/, '');

/** The domain itself or a sub-domain of it. @param domain in lower case */
export const isUnder = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);

/** @param domains in lower case. The null sender is in none. */
export const isInDomains = (address: string, domains: readonly string[]): boolean =>
  address.includes('@') && domains.some((domain) => isUnder(domainOf(address), domain));

/** @param parties in lower case */
export const isParty = (address: string, parties: readonly string[]): boolean => {
  if (address === '') return parties.includes('<>');
  const whole = address.toLowerCase().replace(/\.$/, '');
  return parties.some((party) => {
    if (party.startsWith('@')) return address.includes('@') && domainOf(address) === party.slice(1);
    return party.includes('@') ? whole === party : isInDomains(address, [party]);
  });
};

/**
 * Whom a forwarder rewrote: SRS0=hash=time=domain=local@forwarder, SRS1=hash=forwarder==hash=time=domain=local@next
 * (openspf.org, "SRS: Sender Rewriting Scheme"). Else the address itself.
 */
export const originalSender = (address: string): string => {
  const [, srs0] = /^SRS0[=+-](.+)@[^@]+$/i.exec(address) ?? [];
  const [, srs1] = /^SRS1[=+-][^=]*=[^=]*=(?:SRS0)?[=+-](.+)@[^@]+$/i.exec(address) ?? [];
  const [, , domain, ...local] = (srs1 ?? srs0 ?? '').split('=');
  return domain === undefined || local.length === 0 ? address : `${local.join('=')}@${domain}`;
};
