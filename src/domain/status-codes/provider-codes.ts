/** Numbers that large providers use and IANA does not know. Ranges of the detail, both ends included. */
type ProviderCode = Readonly<{
  /** `4`, `5` or both. */
  classes: string;
  subject: number;
  from: number;
  to: number;
  provider: string;
  title: string;
  cause: string;
  lookNext: string;
}>;

const EXCHANGE = 'Exchange Online';

export const providerCodes: readonly ProviderCode[] = [
  {
    classes: '45',
    subject: 7,
    from: 31,
    to: 40,
    provider: 'Gmail',
    title: 'DMARC missing or not aligned',
    cause:
      'The domain in the From header has no DMARC record with a policy, or neither SPF nor DKIM passes for that domain.',
    lookNext: '`dig TXT _dmarc.DOMAIN`; sign with DKIM for the domain of the From header on your last host.',
  },
  {
    classes: '5',
    subject: 7,
    from: 57,
    to: 57,
    provider: EXCHANGE,
    title: 'Client not authenticated',
    cause: 'A device or relay host sends to the submission endpoint without a login.',
    lookNext:
      'smtp_sasl_auth_enable and smtp_sasl_password_maps on the sending host, or a connector for its address in the tenant.',
  },
  {
    classes: '5',
    subject: 7,
    from: 60,
    to: 60,
    provider: EXCHANGE,
    title: 'No permission to send as this sender',
    cause: 'The login may not use the sender address (SendAsDenied).',
    lookNext: 'Compare sender and login; give the Send As right to the mailbox.',
  },
  {
    classes: '5',
    subject: 7,
    from: 64,
    to: 64,
    provider: EXCHANGE,
    title: 'Relay access denied by the tenant',
    cause: 'The connector of the tenant does not know your sending address or certificate.',
    lookNext:
      'The inbound connector of the tenant (address or certificate name), and the certificate in smtp_tls_cert_file of the sending host.',
  },
  {
    classes: '5',
    subject: 7,
    from: 124,
    to: 136,
    provider: EXCHANGE,
    title: 'Recipient takes no mail from this sender',
    cause: 'The mailbox or group accepts only certain or only internal senders.',
    lookNext: 'The delivery restrictions of that mailbox or group in the tenant.',
  },
  {
    classes: '5',
    subject: 7,
    from: 139,
    to: 139,
    provider: EXCHANGE,
    title: 'Login refused',
    cause:
      'Basic authentication or SMTP AUTH is switched off for the tenant or mailbox, or conditional access forbids it.',
    lookNext: 'The SMTP AUTH setting of the mailbox and the sign-in log of the tenant.',
  },
  {
    classes: '5',
    subject: 7,
    from: 501,
    to: 513,
    provider: EXCHANGE,
    title: 'Refused by its spam and authentication rules',
    cause:
      'Spam from the account, tenant or address (501 to 503, 511), a DMARC failure (509), or a sender domain or mailbox that is blocked.',
    lookNext: 'Read the text; 5.7.511 asks to write to the delisting address in it; check SPF, DKIM and DMARC.',
  },
  {
    classes: '5',
    subject: 7,
    from: 606,
    to: 649,
    provider: EXCHANGE,
    title: 'Sending address is banned',
    cause:
      'Your outgoing IP address is on the block list of Microsoft, mostly after spam or as a new address without reputation.',
    lookNext:
      'Find and stop the source of the spam, then ask for removal at the delisting page named in the response (sender.office.com).',
  },
  {
    classes: '5',
    subject: 7,
    from: 700,
    to: 750,
    provider: EXCHANGE,
    title: 'Tenant or sender over its limits',
    cause:
      'The tenant sends too much, mostly through an abused account, or with a domain that is not registered in it.',
    lookNext: 'The restricted-users page and the message trace of the tenant; register the sending domain.',
  },
  {
    classes: '4',
    subject: 7,
    from: 500,
    to: 699,
    provider: EXCHANGE,
    title: 'Slowed down for reputation',
    cause: 'Suspicious activity or a new sending address (`Server busy, please try again later`).',
    lookNext: 'Wait; send less to that provider (smtp_destination_rate_delay) and check SPF, DKIM and what is sent.',
  },
  {
    classes: '45',
    subject: 4,
    from: 300,
    to: 319,
    provider: EXCHANGE,
    title: 'Connection or DNS trouble towards the recipient server',
    cause: 'The server behind Exchange Online does not answer, or its name, certificate or TLSA record is wrong.',
    lookNext:
      '`dig MX DOMAIN` and `openssl s_client -starttls smtp -connect HOST:25` for the server that the response names; its firewall must let Exchange Online in.',
  },
];
