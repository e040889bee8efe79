import { z } from "zod";

const bytes = z.int().min(0);
const millis = z.number().min(0).max(3_600_000);

const fault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  /** Both sides get a RST as soon as `after` bytes went this way. */
  z.strictObject({ kind: z.literal("reset"), after: bytes }),
  /** Nothing is read or written this way any more, so that the sender's window fills. */
  z.strictObject({ kind: z.literal("stall"), after: bytes }),
  /** Half-open: everything is read and thrown away, ends and resets as well, and the sender learns nothing. */
  z.strictObject({ kind: z.literal("swallow"), after: bytes }),
]);
export type Fault = Readonly<z.infer<typeof fault>>;

const flowShape = z.strictObject({
  fault,
  bytes_per_second: z.number().positive().nullable(),
});

const accept = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("now") }),
  /** The kernel accepts, and the server is dialled only after this time. */
  z.strictObject({ kind: z.literal("later"), ms: millis }),
  /** The kernel accepts, and nobody ever speaks. */
  z.strictObject({ kind: z.literal("never") }),
]);

const planShape = z.strictObject({
  accept,
  to_server: flowShape,
  to_client: flowShape,
  /** How much later the end of one side is passed on to the other. */
  close_delay_ms: millis,
});

/** What happens to one direction of a connection; bytes count from its beginning. */
export type FlowPlan = Readonly<z.infer<typeof flowShape>>;

/** What happens to a connection. */
export type Plan = Readonly<z.infer<typeof planShape>>;

/** Any part of a plan. */
export const planChangeShape = z.strictObject({
  accept: accept.optional(),
  to_server: flowShape.partial().optional(),
  to_client: flowShape.partial().optional(),
  close_delay_ms: millis.optional(),
});
export type PlanChange = Readonly<z.infer<typeof planChangeShape>>;

const plainFlow: FlowPlan = { fault: { kind: "none" }, bytes_per_second: null };

/** Everything passes as it comes. */
export const plainPlan: Plan = {
  accept: { kind: "now" },
  to_server: plainFlow,
  to_client: plainFlow,
  close_delay_ms: 0,
};

function changedFlow(flow: FlowPlan, change: PlanChange["to_server"]): FlowPlan {
  const { fault = flow.fault, bytes_per_second = flow.bytes_per_second } = change ?? {};
  return { fault, bytes_per_second };
}

/** The plan with what the change names. */
export function changedPlan(plan: Plan, change: PlanChange): Plan {
  return {
    accept: change.accept ?? plan.accept,
    to_server: changedFlow(plan.to_server, change.to_server),
    to_client: changedFlow(plan.to_client, change.to_client),
    close_delay_ms: change.close_delay_ms ?? plan.close_delay_ms,
  };
}
