import type { SetRateParams } from "../../shared/control/protocol.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { parseBurst, parseRate, type Rate } from "../../shared/units.ts";
import { acting, perform } from "./act.ts";
import type { Context } from "./context.ts";
import { durationOf } from "./options.ts";
import { didYouMean } from "./suggest.ts";

/** @throws SssonectorError usage, before the daemon is asked */
export async function setRate(context: Context): Promise<number> {
  const { args, options } = context;
  const [bucket = "", text = ""] = args;
  const rate = text === "auto" ? "auto" : rateOf(text);
  const params: SetRateParams = {
    bucket,
    ...(rate === "auto" ? { rate } : rateParams(rate, options.burst)),
    for_ms: durationOf("for", options.for),
    confirm_within_ms: options.confirmWithin,
  };
  return perform(context, async (client, seen, dryRun) => {
    try {
      return await client.call("set_rate", { ...params, ...acting(seen, dryRun) });
    } catch (error) {
      if (!(error instanceof SssonectorError) || error.code !== "control_not_found") throw error;
      throw noBucket(bucket, await client.call("snapshot", {}));
    }
  });
}

function noBucket(name: string, { buckets }: Pick<Snapshot, "buckets">): SssonectorError {
  const names = buckets.map((row) => printable(row.name));
  return new SssonectorError("control_not_found", `no bucket ${printable(name)}${didYouMean(name, names)}`, {
    next: "list them: sssonector ctl buckets",
  });
}

function rateOf(text: string): Rate {
  const rate = parseRate(text);
  if (rate !== undefined && (rate.kind === "unlimited" || rate.per_second >= 1)) return rate;
  throw new SssonectorError(
    "usage",
    `set-rate wants 100mbit, 12MB/s, 10000 (packets a second), unlimited or auto (got ${JSON.stringify(text)})`,
  );
}

function rateParams(rate: Rate, text: string | undefined): Pick<SetRateParams, "rate" | "unit" | "burst"> {
  if (rate.kind === "unlimited") return { rate: null };
  if (text === undefined) return { rate: rate.per_second, unit: rate.kind };
  const burst = parseBurst(text);
  if (burst === undefined || burst.kind !== rate.kind || burst.amount < 1) {
    const want = rate.kind === "bytes" ? "a size such as 1MB" : "a number of packets";
    throw new SssonectorError("usage", `--burst wants ${want} for this rate (got ${JSON.stringify(text)})`);
  }
  return { rate: rate.per_second, unit: rate.kind, burst: burst.amount };
}
