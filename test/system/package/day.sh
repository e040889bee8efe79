#!/bin/bash
# A day in the life of an operator, on a machine with systemd and without Node: install, bundle for a client, run as a
# service, look, rotate, renew, revoke, upgrade, remove. Ends at the first thing that is not as it should be.
set -eu
package=$1 # the .deb
etc=/etc/sssonector
step() { echo "== $*"; }
until_true() { # until_true COMMAND...: waits up to 20 s
  local try
  for ((try = 0; try < 200; try++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "never: $*" >&2
  return 1
}
server() { sssonector ctl --socket /run/sssonector/eu-1.sock "$@"; }
client() { sssonector ctl --socket /run/sssonector/laptop.sock "$@"; }
give() { install -o sssonector -g sssonector -m 600 "$@"; }
through() { timeout 3 ip netns exec far bash -c 'exec 3<>/dev/tcp/10.8.0.1/8443'; } # TCP through the tunnel
fails() { # fails COMMAND...: has to fail
  if "$@" >/dev/null 2>&1; then
    echo "works, and should not: $*" >&2
    exit 1
  fi
}

step "install"
fails command -v node
dpkg -i "$package"
test "$(systemctl is-enabled sssonectord)" = enabled
test "$(systemctl is-active sssonectord)" = inactive
systemctl start sssonectord # skipped, since there is no configuration
test "$(systemctl is-active sssonectord)" = inactive
systemd-analyze verify --man=no sssonectord.service sssonector@laptop.service

step "start times"
TIMEFORMAT='%3R s'
timed() { # timed COMMAND...: prints how long it takes from start to end, three times
  for _ in 1 2 3; do echo "start: $* $({ time "$@" >/dev/null; } 2>&1)"; done
}
timed /usr/lib/sssonector/node_modules/node-linux-*/bin/node -e 0

step "certificates and configuration"
sssonector pki init --dir /root/pki
sssonector pki issue --dir /root/pki --role server --name eu-1
sssonector pki issue --dir /root/pki --role client --name laptop
give /root/pki/{eu-1.key,eu-1.crt,ca.crt,ca.crl} $etc
cat >$etc/sssonector.yaml <<END
core: {mode: server, name: eu-1, drain_timeout: 0s}
network: {interface: sss0, address: 10.8.0.1/16, forwarding: {mode: nat, interface: wire0}}
tunnel: {listen: "0.0.0.0:8443"}
security: {tls: {cert: eu-1.crt, key: eu-1.key, ca: ca.crt, crl: ca.crl}}
monitoring: {prometheus: {enabled: true, port: 9464}}
END
chown sssonector: $etc/sssonector.yaml
sssonectord --config $etc/sssonector.yaml --check-config

step "run as a service"
ip netns add far
ip link add wire0 type veth peer name wire1 netns far
ip addr add 198.18.0.1/30 dev wire0
ip link set wire0 up
ip -n far addr add 198.18.0.2/30 dev wire1
ip -n far link set wire1 up
ip -n far link set lo up
systemctl start sssonectord
pid=$(systemctl show -P MainPID sssonectord)
grep -E '^(CapEff|CapAmb|CapBnd):\s*0000000000001000$' /proc/"$pid"/status | wc -l | grep -qx 3
test "$(stat -c %U /proc/"$pid")" = sssonector
grep -q 'NoNewPrivs:\s*1' /proc/"$pid"/status
grep -q 'Seccomp:\s*2' /proc/"$pid"/status
nft list tables | grep -q sssonector_sss0
systemctl show -P StatusText sssonectord | grep -q '^ready: 0 sessions'

step "a client from a bundle"
sssonector pki bundle --dir /root/pki --name laptop --endpoint eu-1=198.18.0.1:8443 -o /root/laptop.yaml
give /root/laptop.yaml $etc/laptop.yaml
mkdir -p /etc/systemd/system/sssonector@laptop.service.d
printf '[Service]\nNetworkNamespacePath=/run/netns/far\n' >/etc/systemd/system/sssonector@laptop.service.d/far.conf
systemctl daemon-reload
systemctl start sssonector@laptop
client wait --for ready --timeout 20s
until_true through
timed sssonector ctl status --socket /run/sssonector/eu-1.sock
server status
timeout 5 sssonector top --plain --socket /run/sssonector/eu-1.sock | grep -m 1 eu-1
/usr/lib/sssonector/bin/run-node -e 'import("/usr/lib/sssonector/dist/tui/ink/session.js")' # what the console draws with
touch /run/look # the test scrapes from outside
until_true test -e /run/looked

step "reload: a good one, and a bad one that changes nothing"
systemctl reload sssonectord
echo 'typo: 1' >>$etc/sssonector.yaml
fails systemctl reload sssonectord
sed -i '/^typo/d' $etc/sssonector.yaml
through

step "renew the certificate, rotate the links"
sssonector pki renew --dir /root/pki --name eu-1
give /root/pki/eu-1.{key,crt} $etc
systemctl reload sssonectord
client rotate --yes
until_true through

step "killed: systemd starts it again, the session comes back"
address=$(ip -n far -4 -br addr show dev tun0)
systemctl kill -s KILL sssonectord
until_true systemctl is-active sssonectord
until_true through
test "$(ip -n far -4 -br addr show dev tun0)" = "$address"

step "upgrade"
pid=$(systemctl show -P MainPID sssonectord)
dpkg -i "$package"
test "$(systemctl show -P MainPID sssonectord)" != "$pid"
until_true through

step "revoke"
sssonector pki revoke --dir /root/pki --name laptop
give /root/pki/ca.crl $etc
systemctl reload sssonectord
until_true sh -c 'sssonector ctl --socket /run/sssonector/eu-1.sock status --json | grep -q "\"connections\":0"'
fails through

step "remove and purge"
dpkg -r sssonector
test -e $etc/eu-1.key
fails systemctl is-active sssonectord sssonector@laptop
fails ip link show sss0
test -z "$(nft list tables)"
rm -r $etc/*
dpkg -P sssonector
test -z "$(find / -xdev -name '*sssonector*' -not -path '/proc/*' -not -path "$package" -not -path '/etc/systemd/system/sssonector@laptop.service.d*' -not -path '/var/log/*')"
echo "== done"
