import { type Random, randomOf } from "./random.ts";
import type { DirectionSettings } from "./settings.ts";

/**
 * Random numbers of one frame. Every frame takes all of them, each from a sequence of its own, whatever the settings:
 * so the fate of frame n depends on the seed, n and the settings alone, a change of one setting moves nothing else,
 * and what is lost at 1 % is lost at 2 % as well.
 */
export interface Roll {
  readonly loss: number;
  readonly burstMove: number;
  readonly burstLoss: number;
  readonly jitter: number;
  readonly jitterAngle: number;
  readonly reorder: number;
  readonly duplicate: number;
  readonly corrupt: number;
  readonly corruptBit: number;
}

/** Makes the rolls of one direction, frame after frame. */
export function dice(seed: string): () => Roll {
  const of = (purpose: string): Random => randomOf(`${seed}/${purpose}`);
  const [loss, burstMove, burstLoss] = [of("loss"), of("burst move"), of("burst loss")];
  const [jitter, jitterAngle, reorder] = [of("jitter"), of("jitter angle"), of("reorder")];
  const [duplicate, corrupt, corruptBit] = [of("duplicate"), of("corrupt"), of("corrupt bit")];
  return () => ({
    loss: loss(),
    burstMove: burstMove(),
    burstLoss: burstLoss(),
    jitter: jitter(),
    jitterAngle: jitterAngle(),
    reorder: reorder(),
    duplicate: duplicate(),
    corrupt: corrupt(),
    corruptBit: corruptBit(),
  });
}

/** State of the chain of burst loss. */
export type BurstState = "good" | "bad";

/** What the wire does to one frame. */
export type Fate =
  | { readonly kind: "lost"; readonly by: "loss" | "burst" }
  | {
      readonly kind: "carried";
      readonly delay: number;
      /** It does not hold back those behind it. */
      readonly held: boolean;
      readonly duplicate: boolean;
      /** Where in the frame a bit is flipped, as a fraction of its length behind the Ethernet header. */
      readonly corruptBit: number | undefined;
    };

function movedBurst(state: BurstState, { burstMove }: Roll, { burst }: DirectionSettings): BurstState {
  if (burst === null) return "good";
  if (state === "good") return burstMove < burst.to_bad ? "bad" : "good";
  return burstMove < burst.to_good ? "good" : "bad";
}

/** Difference from the configured delay, in milliseconds. */
function jitterOf({ jitter, jitterAngle }: Roll, { jitter_ms: spread, jitter: kind }: DirectionSettings): number {
  if (kind === "uniform") return (2 * jitter - 1) * spread;
  // Box and Muller's transform; 1 - jitter is never 0.
  return spread * Math.sqrt(-2 * Math.log(1 - jitter)) * Math.cos(2 * Math.PI * jitterAngle);
}

/** The fate of a frame that took `roll`, and the state of the chain of bursts after it. */
export function fateOf(roll: Roll, state: BurstState, settings: DirectionSettings): { fate: Fate; burst: BurstState } {
  const burst = movedBurst(state, roll, settings);
  if (roll.loss < settings.loss) return { burst, fate: { kind: "lost", by: "loss" } };
  if (burst === "bad" && roll.burstLoss < (settings.burst?.loss ?? 0)) {
    return { burst, fate: { kind: "lost", by: "burst" } };
  }
  const held = roll.reorder < settings.reorder;
  const delay = Math.max(0, settings.delay_ms + jitterOf(roll, settings)) + (held ? settings.reorder_ms : 0);
  const corruptBit = roll.corrupt < settings.corrupt ? roll.corruptBit : undefined;
  return { burst, fate: { kind: "carried", delay, held, duplicate: roll.duplicate < settings.duplicate, corruptBit } };
}
