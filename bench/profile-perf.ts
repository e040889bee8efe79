import path from "node:path";
import { runToEnd } from "../src/cli/demo/running.ts";
import { type Shares, sharesOf } from "./profile-result.ts";

const samplesPerSecond = 997;

/** The first row that fits says what a function belongs to. */
const parts: readonly (readonly [part: string, dso: RegExp, symbol: RegExp])[] = [
  ["copies in the kernel", /^\[kernel/, /copy|memcpy|memset|clear_page|rep_movs/i],
  ["kernel", /^\[kernel|^\[unknown\]$/, /./],
  ["copies", /./, /^_*(mem(cpy|move|set)|.*_mem(cpy|move)_)/],
  ["JavaScript", /perf-\d+\.map|^\[JIT|anon/, /./],
  ["JavaScript", /./, /^Builtins_|^Builtin:/],
  [
    "collector",
    /node$/,
    /Scaveng|MarkCompact|Marking|Sweep|Evacuat|GarbageCollect|YoungGeneration|v8::internal::Heap::/,
  ],
  [
    "TLS",
    /node$/,
    /aes|gcm|ghash|sha\d|EVP_|evp_|SSL|ssl|tls|TLS|BIO_|CRYPTO_|OPENSSL|ossl|ec(p|_)|bn_|BN_|x509|X509|asn1|ASN1/,
  ],
  ["system calls by koffi", /koffi/, /./],
];
/** Where a function's file is, as its name has it. */
const root = new URL("..", import.meta.url).href;
const rest = "Node, libuv and V8";

/** Samples the threads for so many seconds; one result for each, in their order. */
export async function perfShares(
  threads: readonly { readonly tid: number }[],
  seconds: number,
  directory: string,
): Promise<Shares[]> {
  const file = path.join(directory, "perf.data");
  const tids = threads.map(({ tid }) => tid).join(",");
  const record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", String(samplesPerSecond), "-t", tids, "-o", file];
  await runToEnd([...record, "--", "sleep", String(seconds)]);
  const script = await runToEnd(["perf", "script", "-i", file, "-F", "tid,ip,sym,dso"]);
  const found = new Map(threads.map(({ tid }) => [tid, new Map<string, { part: string; count: number }>()]));
  for (const line of script.split("\n")) {
    const sample = /^\s*(\d+)\s+[0-9a-f]+ (.+) \((.*)\)$/.exec(line);
    if (sample === null) continue;
    const [, tid = "", name = "", dso = ""] = sample;
    const symbol = name.replace(root, "");
    const functions = found.get(Number(tid));
    const known = functions?.get(symbol);
    if (known !== undefined) known.count += 1;
    else functions?.set(symbol, { part: partOf(symbol, dso), count: 1 });
  }
  return [...found.values()].map((functions) => sharesOf(functions, seconds * samplesPerSecond));
}

function partOf(symbol: string, dso: string): string {
  return parts.find(([, where, what]) => where.test(dso) && what.test(symbol))?.[0] ?? rest;
}
