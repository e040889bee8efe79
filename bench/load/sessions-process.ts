/**
 * A load generator in a process of its own: reads commands as JSON lines and answers each with a JSON line.
 * {"open": n, "at_once": c}: opens n sessions; {"echo": share, "seconds": s}: that share of them sends one echo request a
 * second; {"attempts": s, "at_once": c}: opens and closes sessions for s seconds and counts them; {"handshakes": s,
 * "at_once": c}: the same with TLS handshakes alone.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { createSecureContext } from "node:tls";
import { percentile } from "../figures.ts";
import { roundTrips } from "../ping.ts";
import { connectTo, LinkClient, type Target } from "./link-client.ts";

// The identities are those of the certificates `load-N.crt` in a directory of `sssonector pki`.
const [endpoint = "", inner = "", directory = "", identities = ""] = process.argv.slice(2);
const [host = "", port = ""] = endpoint.split(":");
const file = (name: string): Buffer => readFileSync(path.join(directory, name));
const targets: Target[] = Array.from({ length: Number(identities) }, (_, index) => ({
  host,
  port: Number(port),
  secureContext: createSecureContext({
    cert: file(`load-${index}.crt`),
    key: file(`load-${index}.key`),
    ca: file("ca.crt"),
  }),
}));
let turn = 0;
const nextTarget = (): Target => targets[turn++ % targets.length] as Target;

const clients: LinkClient[] = [];
let echoes: number[] = [];
let lost = 0;
let lastLoss = "";
const told = {
  echo: (millis: number): void => void echoes.push(millis),
  closed: (why: string): void => {
    lost += 1;
    lastLoss = why;
  },
};

type Command =
  | { open: number; at_once: number }
  | { echo: number; seconds: number }
  | { attempts: number; at_once: number }
  | { handshakes: number; at_once: number };

async function open(count: number, atOnce: number): Promise<object> {
  const began = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      clients.push(await LinkClient.open(nextTarget(), told));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { sessions: clients.length, per_second: count / ((performance.now() - began) / 1000) };
}

async function echo(share: number, seconds: number): Promise<object> {
  const active = clients.slice(0, Math.round(clients.length * share));
  echoes = [];
  let sent = 0;
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    for (const client of active) {
      client.echo(inner);
      sent += 1;
      await delay(1000 / active.length);
    }
  }
  await delay(500);
  const answered = echoes.filter((millis) => !Number.isNaN(millis)).map((millis) => Math.round(millis * 1000) / 1000);
  return { ...roundTrips(sent, answered), max_ms: percentile(answered, 1), lost, last_loss: lastLoss };
}

async function session(): Promise<void> {
  const client = await LinkClient.open(nextTarget(), { echo: () => {}, closed: () => {} });
  client.close();
}

async function handshake(): Promise<void> {
  const socket = connectTo(nextTarget());
  await once(socket, "secureConnect");
  // What the server still has to check comes before the end, which it answers.
  socket.end().resume();
  await once(socket, "close");
}

/** How often `attempt` comes to its end within the time, `atOnce` at a time. */
async function count(attempt: () => Promise<void>, seconds: number, atOnce: number): Promise<object> {
  const until = performance.now() + seconds * 1000;
  let done = 0;
  let failed = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      try {
        await attempt();
        done += 1;
      } catch {
        failed += 1;
        await delay(20);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { done, failed, per_second: done / seconds };
}

function carryOut(command: Command): Promise<object> {
  if ("open" in command) return open(command.open, command.at_once);
  if ("echo" in command) return echo(command.echo, command.seconds);
  if ("handshakes" in command) return count(handshake, command.handshakes, command.at_once);
  return count(session, command.attempts, command.at_once);
}

try {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await carryOut(JSON.parse(line) as Command)));
  }
  process.exit(0);
} catch (error) {
  console.error(`load generator: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
