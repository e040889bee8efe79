import { execFile } from "node:child_process";
import { SssonectorError } from "../../shared/errors.ts";

/** The `nft` of nftables: carries a script out whole or not at all. Errors: nft_missing, nft_failed. */
export type NftCommand = (script: string) => Promise<void>;

const timeout = 10_000;

/** Scripts are made of fixed words, checked prefixes and names of interfaces; no shell is involved. */
export const nftCommand: NftCommand = (script) => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  const child = execFile("nft", ["-f", "-"], { env, timeout }, (error, _stdout, stderr) => {
    if (error === null) return resolve();
    const said = stderr.split("\n", 1)[0] ?? "";
    if (error.code === "ENOENT") reject(new SssonectorError("nft_missing", "network.forwarding nat needs nft"));
    else reject(new SssonectorError("nft_failed", `nft: ${said === "" ? error.message : said}`, { cause: error }));
  });
  // A child that ends early closes the pipe; its exit code says why.
  child.stdin?.on("error", () => {});
  child.stdin?.end(script);
  return promise;
};
