#!/usr/bin/env bash
# latency.sh NAME SERVER_INNER_IP CLIENT_NS SERVER_NS PID...: one JSON line about the tunnel that is up: round trips in ms
# beside one TCP stream of each rate of LOADS (Mbit/s; 0: nothing else), SECS each. Takes the place of measure.sh.
set -u
name=$1 ip=$2 a=$3 b=$4
at() { # at LOAD: p50 and p99 beside that load
  if [ "$1" -gt 0 ]; then
    ip netns exec "$b" iperf3 -s -1 -B "$ip" >/dev/null 2>&1 & local server=$!
    sleep 0.4
    ip netns exec "$a" iperf3 -c "$ip" -b "$1M" -t $((SECS + 2)) >/dev/null 2>&1 & local stream=$!
    sleep 1
  fi
  ip netns exec "$a" ping -c $((SECS * 100)) -i 0.01 "$ip" 2>/dev/null | sed -n 's/.*time=\([0-9.]*\).*/\1/p' | sort -n |
    awk -v load="$1" '{v[NR] = $1} END {if (NR) printf "{\"mbps\":%d,\"p50_ms\":%s,\"p99_ms\":%s}", load, v[int((NR + 1) / 2)], v[int(NR * 0.99 + 0.5)]}'
  if [ "$1" -gt 0 ]; then wait $stream; kill $server 2>/dev/null; wait $server 2>/dev/null; fi
}
# Unmeasured: a tunnel in use, in which what is compiled while it runs has been compiled.
ip netns exec "$b" iperf3 -s -1 -B "$ip" >/dev/null 2>&1 & warm=$!
sleep 0.4
ip netns exec "$a" iperf3 -c "$ip" -t 3 >/dev/null 2>&1
wait $warm
found=""
for load in $LOADS; do found="$found${found:+,}$(at "$load")"; done
printf '{"name":"%s","loads":[%s]}\n' "$name" "$found"
