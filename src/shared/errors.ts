/**
 * Every error code of both programs, with what it means. docs/errors.md is generated from this table.
 * `next` is the command or the act that mends it.
 */
export const errorCodes = {
  internal: { means: "A promise inside the program was broken; this is a bug.", next: "report it with the log" },
  config_file: {
    means: "A configuration file is missing or can not be read.",
    next: "check the path given with --config",
  },
  config_syntax: { means: "A configuration file is not one YAML document.", next: "mend the file at the given place" },
  config_unknown: {
    means: "A setting or SSSONECTOR_ variable with this name does not exist.",
    next: "see docs/configuration.md for the names",
  },
  config_duplicate: { means: "A setting or a name is there twice.", next: "remove one of the two" },
  config_type: {
    means: "A value is of another kind than the setting takes.",
    next: "see docs/configuration.md for the kind",
  },
  config_unit: { means: "A value has no unit or a wrong one.", next: "write the unit as in docs/configuration.md" },
  config_range: { means: "A value lies outside its range.", next: "choose a value inside the range" },
  config_missing: {
    means: "A setting that has no default is not there.",
    next: "add it, see config/sssonector.example.yaml",
  },
  config_conflict: {
    means: "Settings contradict each other or the mode.",
    next: "change one of the settings that the message names",
  },
  tun_busy: {
    means: "The TUN interface is in use by another process.",
    next: "stop the other daemon, or name another interface in network.interface",
  },
  tun_failed: { means: "The kernel did not give a TUN interface.", next: "look at dmesg" },
  tun_kind: {
    means: "An interface of this name exists and is no TUN interface that this daemon can use.",
    next: "name another interface in network.interface, or remove it: ip link del NAME",
  },
  tun_missing: {
    means: "The kernel has no TUN device here.",
    next: "modprobe tun; in a container: mkdir -p /dev/net && mknod /dev/net/tun c 10 200",
  },
  tun_name: {
    means: "The name of the interface is not one that can be used.",
    next: "set network.interface to 1 to 15 letters, digits and '_', '.', '+', '-', the first a letter or digit",
  },
  tun_permission: {
    means: "The process may not make a TUN interface.",
    next: "run it as root or give it CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN); EACCES: chmod 666 /dev/net/tun, as udev does",
  },
  usage: { means: "The command line can't be understood.", next: "see --help" },
  recording: { means: "A recording can't be read or written.", next: "name a file of `sssonector ctl record`" },
  pki_exists: { means: "pki would overwrite a file.", next: "give --force to replace it" },
  pki_missing: { means: "A file of the pki directory is missing or can't be read.", next: "run `sssonector pki init`" },
  pki_invalid: { means: "A file of the pki directory is damaged or was changed by hand.", next: "restore it" },
  pki_unsafe: { means: "The CA key can be read by others.", next: "chmod 600 the key; replace the CA if it leaked" },
  pki_unknown: { means: "pki has issued no certificate of this name.", next: "see `sssonector pki show`" },
  pki_revoked: { means: "The certificate is revoked already.", next: "issue a new one with --force" },
  pki_expired: { means: "The CA has expired.", next: "make a new CA in another directory" },
  pki_write: { means: "pki can't write a file.", next: "see the cause: permissions or a full disk" },
  pki_busy: { means: "Another pki command works in the directory.", next: "run it again when that one is done" },
  control_ambiguous: {
    means: "Several daemons have a control socket and none was named.",
    next: "name one: --socket PATH",
  },
  control_busy: {
    means: "Another daemon answers on the control socket, or a file that is no socket has its name.",
    next: "stop the other daemon, or set control.socket to another path",
  },
  control_denied: {
    means: "The user may not do this on the control channel.",
    next: "join the socket's group to view, be listed in control.operators to act",
  },
  control_failed: { means: "The daemon tried the action and it failed.", next: "read the daemon's log" },
  control_lost: {
    means: "The control connection closed before the answer.",
    next: "look at: systemctl status sssonector",
  },
  control_not_found: {
    means: "No such connection, session, backend or bucket.",
    next: "see what there is: sssonector ctl connections, sessions, backends or buckets",
  },
  control_protocol: {
    means: "The daemon and this program do not understand each other.",
    next: "use the sssonector command that came with the daemon",
  },
  control_refused: { means: "The daemon will not do it now.", next: "mend what the message names, then try again" },
  control_socket: {
    means: "The control socket can't be made.",
    next: "check that the directory of control.socket can be made and written by the daemon's user",
  },
  control_tcp: {
    means: "The control channel can't be opened on control.tcp.listen; the socket works.",
    next: "see who has the port with `ss -ltnp`, or change control.tcp.listen",
  },
  control_tokens: {
    means: "control.tcp.token_file can't be read, is open to others, or has a line that is no token.",
    next: "one line for each token: printf 'operator %s\\n' \"$(openssl rand -hex 32)\", mode 0600",
  },
  control_timeout: { means: "The daemon did not answer in time.", next: "give it longer: --timeout 30s" },
  control_unreachable: {
    means: "No daemon listens on the control socket.",
    next: "start it: systemctl start sssonectord, or name its socket: --socket PATH",
  },
  tls_file: {
    means: "A file of security.tls is missing or can't be read.",
    next: "check the path and its permissions",
  },
  tls_key_exposed: { means: "A private key can be read by group or others.", next: "chmod 600 it" },
  tls_not_pem: {
    means: "A file of security.tls does not hold what it should in PEM.",
    next: "give the file that `sssonector pki issue` wrote",
  },
  tls_key_mismatch: {
    means: "The private key belongs to another certificate.",
    next: "give the key that was written with the certificate",
  },
  tls_expired: { means: "A certificate has expired.", next: "renew it: sssonector pki renew" },
  tls_not_yet_valid: { means: "A certificate is not valid yet.", next: "set the clock of this machine: timedatectl" },
  tls_wrong_usage: { means: "The certificate is for the other end.", next: "issue one with the right --role" },
  tls_wrong_ca: {
    means: "The CA did not sign the certificate.",
    next: "give the ca.crt of the directory that issued the certificate",
  },
  tls_identity: {
    means: "The certificate has not exactly one URI SAN sssonector:NAME.",
    next: "issue one: sssonector pki issue --name NAME",
  },
  tls_weak_key: {
    means: "The certificate's key is RSA under 2048 bits or of a type that is not accepted.",
    next: "issue a new certificate: sssonector pki issue",
  },
  tls_crl_malformed: {
    means: "The revocation list can't be decoded.",
    next: "give the ca.crl that `sssonector pki` wrote",
  },
  tls_crl_signature: { means: "The revocation list is not the CA's.", next: "give the ca.crl beside ca.crt" },
  tls_crl_expired: {
    means: "The revocation list has expired, so that nobody can be let in.",
    next: "sign it again: sssonector pki crl, and copy ca.crl here",
  },
  tls_crl_not_yet_valid: {
    means: "The revocation list is not valid yet.",
    next: "set the clock of this machine: timedatectl",
  },
  tls_revoked: { means: "Our own certificate is revoked.", next: "ask the operator of the CA for a new one" },
  host_address_in_use: {
    means: "Another interface of this host has the tunnel's inner address.",
    next: "take it off that interface: ip address del, or choose another network.address",
  },
  host_ip: {
    means: "The ip command could not change or read an address or a route.",
    next: "install iproute2, and run the daemon as root or with CAP_NET_ADMIN",
  },
  host_journal: {
    means: "The journal of changes to the host can't be read or written.",
    next: "make the state directory writable for the daemon and look for free space",
  },
  host_netlink: {
    means: "Changes of links and routes can't be watched.",
    next: "allow AF_NETLINK for the daemon (systemd: RestrictAddressFamilies)",
  },
  lan_interface: {
    means: "The interface of network.forwarding.interface does not exist or is no Ethernet.",
    next: "name one that `ip -brief link` shows in network.forwarding.interface",
  },
  lan_permission: {
    means: "The process may not open the packet socket that network.forwarding.mode proxy_arp needs.",
    next: "run it as root or give it CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW, RestrictAddressFamilies with AF_PACKET)",
  },
  lan_socket: {
    means: "The packet socket that network.forwarding.mode proxy_arp needs can't be made.",
    next: "allow AF_PACKET for the daemon (systemd: RestrictAddressFamilies)",
  },
  nft_failed: {
    means: "nftables did not take the table of network.forwarding.mode nat.",
    next: "run the daemon as root or with CAP_NET_ADMIN, and see that the kernel has nft_masq: modprobe nft_masq",
  },
  nft_missing: {
    means: "The nft command, which network.forwarding.mode nat needs, is not there.",
    next: "apt-get install nftables",
  },
  cluster_secret: {
    means: "The cluster's secret file is missing, unreadable or malformed.",
    next: "copy cluster.key of `sssonector pki init` to cluster.secret_file, or leave the setting out for a secret of this server's own",
  },
  access_deny_list: {
    means: "The list of identities that an operator shut out can't be read, so that nobody is let in.",
    next: "restore denied.json in core.state_dir, or remove it and call `sssonector ctl revoke` again for each identity",
  },
  listen_busy: {
    means: "Another process listens on the tunnel's address and port.",
    next: "see who with `ss -ltnp`, or change tunnel.listen",
  },
  listen_failed: { means: "The tunnel's listener can't be opened.", next: "check tunnel.listen" },
  metrics_busy: {
    means: "Another process listens on the address and port of the metrics endpoint.",
    next: "see who with `ss -ltnp`, or change monitoring.prometheus.port; it is tried again every ten seconds",
  },
  metrics_failed: {
    means: "The metrics endpoint can't be opened.",
    next: "check monitoring.prometheus; it is tried again every ten seconds",
  },
  tun_gone: {
    means: "The tunnel's interface was taken down or removed while the daemon ran.",
    next: "start the daemon again, and see with `ip -d link` who manages the interface",
  },
  engine_died: { means: "The data thread ended by itself; this is a bug.", next: "report it with the log" },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A failure with a stable code, what happened and where, and the next command for the reader. */
export class SssonectorError extends Error {
  readonly code: ErrorCode;
  /** What mends it; from the table unless the place of the failure knows better. */
  readonly next: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; next?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SssonectorError";
    this.code = code;
    this.next = options.next ?? errorCodes[code].next;
  }
}

/** One line for a log or a terminal: `code: message; next`. */
export function describeError(error: unknown): string {
  if (error instanceof SssonectorError) return `${error.code}: ${error.message}; ${error.next}`;
  return error instanceof Error ? error.message : String(error);
}
