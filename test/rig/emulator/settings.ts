import { z } from "zod";

const probability = z.number().min(0).max(1);
const millis = z.number().min(0).max(3_600_000);

/** Burst loss after Gilbert and Elliott: a chain of a good state without loss and a bad one. */
const burst = z.strictObject({
  /** Chance per frame to go from the good state to the bad one. */
  to_bad: probability,
  /** Chance per frame to come back; the mean length of a burst is 1 / to_good frames. */
  to_good: probability,
  /** Chance that a frame is lost in the bad state. */
  loss: probability,
});

const directionShape = z.strictObject({
  /** Propagation delay, one way. */
  delay_ms: millis,
  /** Spread of the delay: half the width of "uniform", one standard deviation of "normal". Never below 0 ms in sum. */
  jitter_ms: millis,
  jitter: z.enum(["uniform", "normal"]),
  /** A frame with less delay waits for those before it; false lets jitter alone reorder. */
  keep_order: z.boolean(),
  /** Chance that a frame is lost, each by itself. */
  loss: probability,
  burst: burst.nullable(),
  /** Chance that a frame is held for `reorder_ms` more, while those after it overtake. */
  reorder: probability,
  reorder_ms: millis,
  /** Chance that a frame arrives twice. */
  duplicate: probability,
  /** Chance that one bit behind the Ethernet header is flipped. */
  corrupt: probability,
  /** Bits of Ethernet frame per second (without preamble and check sequence); null is without limit. */
  rate_bits: z.number().positive().nullable(),
  /** Bytes that wait for the rate, the frame being sent included; what finds no room is dropped. */
  queue_bytes: z.int().positive(),
});

/** What a direction of the link does to its frames. */
export type DirectionSettings = Readonly<z.infer<typeof directionShape>>;

/** Any part of the settings of a direction. */
export const changeShape = directionShape.partial();
export type Change = Readonly<z.infer<typeof changeShape>>;

/** A wire without faults and without limits. */
export const perfectWire: DirectionSettings = {
  delay_ms: 0,
  jitter_ms: 0,
  jitter: "uniform",
  keep_order: true,
  loss: 0,
  burst: null,
  reorder: 0,
  reorder_ms: 5,
  duplicate: 0,
  corrupt: 0,
  rate_bits: null,
  queue_bytes: 256 * 1024,
};
