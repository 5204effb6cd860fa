/** `ssh_config`: how to reach the machines that hold the logs. Keys and defaults of the Python tool. */
import { hostFields } from './host-options.js';
import { flag, seconds, section, text } from './option-fields.js';

export const sshOptions = section({
  username: text('').describe('Login name; `User` in ssh_config_file wins.'),
  password: text('').describe('Login password. Better: MAILTRACE_SSH_PASSWORD or --ask-login-pass.'),
  private_key: text('').describe('Private key file; `IdentityFile` in ssh_config_file wins.'),
  sudo_pass: text('').describe('What sudo asks for. Better: MAILTRACE_SUDO_PASSWORD or --ask-sudo-pass.'),
  sudo: flag(true).describe('Read the logs with sudo.'),
  timeout: seconds(10).describe('Seconds to wait for a connection and for an answer.'),
  ssh_config_file: text('').describe('OpenSSH client configuration; `~` expands.'),
  strict_host_key_checking: flag(true).describe(
    'Refuse machines whose host key is not in known_hosts. `StrictHostKeyChecking` in ssh_config_file says it for one machine.',
  ),
  ...hostFields,
});
