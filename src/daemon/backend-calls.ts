import type { Millis } from "../shared/clock.ts";
import type { BackendBook } from "./backend-book.ts";
import type { BackendSettings, Entry } from "./backend-entry.ts";
import type { AttemptPermit } from "./pool/connector.ts";
import type { CallOutcome } from "./pool/outcome.ts";

/** A session that ends sooner is a failed call. */
const earlyDeath: Millis = 30_000;

/** The right to try a backend, and how it went: for its breaker and its health. */
export class BackendCalls<S extends BackendSettings> {
  readonly #book: BackendBook<S>;

  constructor(book: BackendBook<S>) {
    this.#book = book;
  }

  /** Undefined while its breaker forbids it. */
  attempt(entry: Entry<S>): AttemptPermit | undefined {
    const acquired = entry.breaker.tryAcquire();
    if (acquired.kind === "rejected") return undefined;
    const { permit } = acquired;
    return {
      ok: (took) => {
        permit.ok(took);
        entry.young = entry.breaker.follow();
        this.#book.checked(entry, { kind: "passed" });
      },
      fail: (kind, took, cause) => {
        permit.fail(kind, took);
        this.#book.failed(entry, kind, "connect_failure", cause);
      },
      cancel: () => permit.cancel(),
    };
  }

  /** As attempt, for one more link of the session to its server: how that goes is no news of its health. */
  extra(entry: Entry<S>): AttemptPermit | undefined {
    if (entry.admin !== "ready" || entry.check.kind === "stopping") return undefined;
    const acquired = entry.breaker.tryAcquire();
    if (acquired.kind === "rejected") return undefined;
    const { permit } = acquired;
    return {
      ok: (took) => permit.ok(took),
      fail: (kind, took, cause) => {
        permit.fail(kind, took);
        entry.lastError = cause;
      },
      cancel: () => permit.cancel(),
    };
  }

  /** A call that the data thread made went well, or failed of `cause`. */
  made(entry: Entry<S>, took: Millis, failure: { kind: "remote" | "local"; cause: string } | undefined): void {
    const call = entry.breaker.follow();
    if (failure === undefined) {
      call.ok(took);
      this.#book.checked(entry, { kind: "passed" });
    } else {
      call.fail(failure.kind, took);
      this.#book.failed(entry, failure.kind, "connect_failure", failure.cause);
    }
  }

  /** A session ended `lived` after it came up. */
  sessionEnded(entry: Entry<S>, outcome: CallOutcome, lived: Millis): void {
    if (outcome !== "cancelled" && lived < earlyDeath) entry.young?.fail(outcome, lived);
    else entry.young?.cancel();
    entry.young = undefined;
  }
}
