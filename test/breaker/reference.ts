/**
 * The circuit breaker once more, from the words of the design and without a thought for speed or memory: it keeps every
 * call with its time and asks them all each time. Shares no code with src/daemon/breaker.
 */

export interface ReferenceRules {
  failure_rate: number;
  slow_rate: number;
  minimum_calls: number;
  consecutive: number;
  slow_call: number;
  window: number;
  open: number;
  open_max: number;
  mode: "enforce" | "observe";
}

export interface ReferenceCall {
  /** The stay in a state during which it began. */
  stay: number;
  begun: number;
  probe: boolean;
  over: boolean;
}

export class ReferenceBreaker {
  state: string;
  cause: string | null = null;
  lastCause: string | null = null;
  log: string[] = [];
  since: number;
  /** When the present state ends by time, before the rule for a lone backend. */
  openTime = 0;
  jitter = 0;
  forcedUntil = Infinity;
  alone = false;
  #results: { at: number; what: "ok" | "slow" | "failed" }[] = [];
  #rules: ReferenceRules;
  #random: () => number;
  #stay = 0;
  #openings = 0;
  #healthySince = 0;
  #row = 0;
  #probes: ReferenceCall[] = [];
  #passed: ("ok" | "slow")[] = [];
  #probed = 0;

  constructor(rules: ReferenceRules, random: () => number, now: number) {
    this.#rules = rules;
    this.#random = random;
    this.since = now;
    this.#healthySince = now;
    this.state = rules.mode === "observe" ? "observe" : "closed";
  }

  /** Lives through everything that time alone brings. */
  live(now: number): void {
    for (;;) {
      const end = this.#end();
      if (end > now) break;
      if (this.state === "open") this.#enter("half_open", "open_time_over", end);
      else if (this.state === "forced_open")
        this.#enter(this.#rules.mode === "observe" ? "observe" : "half_open", "open_time_over", end);
      else if (this.#hanging().length > 0) this.#hang(end);
      else this.#judge(end);
    }
    while (this.state === "closed" && now - this.#healthySince >= 60_000) {
      this.#healthySince += 60_000;
      if (this.#openings > 0) this.#openings--;
    }
  }

  acquire(now: number): ReferenceCall | { wait: number | undefined } {
    this.live(now);
    if (!this.admits()) return { wait: this.#end() === Infinity ? undefined : this.#end() - now };
    const call = { stay: this.#stay, begun: now, probe: this.state === "half_open", over: false };
    if (call.probe) {
      this.#probes.push(call);
      this.#probed = now;
    }
    return call;
  }

  follow(now: number): ReferenceCall {
    this.live(now);
    return { stay: this.#stay, begun: now, probe: false, over: false };
  }

  admits(): boolean {
    if (this.state === "half_open") return this.permitsLeft() > 0;
    return this.state !== "open" && this.state !== "forced_open";
  }

  permitsLeft(): number {
    return 3 - this.#hanging().length - this.#passed.length;
  }

  end(call: ReferenceCall, how: "ok" | "remote" | "local" | "policy" | "cancel", took: number, now: number): void {
    this.live(now);
    if (call.over) return;
    call.over = true;
    const told = how !== "local" && how !== "cancel";
    const what = how === "ok" ? (took > this.#rules.slow_call ? "slow" : "ok") : "failed";
    if (told) this.#results.push({ at: now, what });
    if (call.stay !== this.#stay) return;
    if (this.state === "half_open" && call.probe) this.#probed = now;
    if (this.state === "half_open" && told) {
      if (how === "policy") this.#open("policy", now);
      else if (what === "failed") this.#open("half_open_failure", now);
      else if (call.probe && this.#passed.push(what) === 3) this.#judge(now);
    }
    if (call.stay === this.#stay && this.state === "closed" && told) this.#endClosed(how, what, now);
  }

  force(time: number | undefined, now: number): void {
    this.live(now);
    this.#enter("forced_open", "operator", now);
    this.forcedUntil = time === undefined ? Infinity : now + time;
    this.lastCause = "operator";
  }

  disable(now: number): void {
    this.live(now);
    if (this.state !== "disabled") this.#enter("disabled", "operator", now);
  }

  reset(now: number): void {
    this.live(now);
    this.#enter(this.#rules.mode === "observe" ? "observe" : "closed", "operator", now);
    this.#results = [];
    this.#openings = 0;
    this.lastCause = null;
  }

  setAlone(alone: boolean, now: number): void {
    this.live(now);
    this.alone = alone;
    this.live(now);
  }

  setRules(rules: ReferenceRules, now: number): void {
    this.live(now);
    if (rules.window !== this.#rules.window) this.#results = [];
    this.#rules = rules;
    if (this.state === "forced_open" || this.state === "disabled") return;
    if ((rules.mode === "observe") === (this.state === "observe")) return;
    this.#enter(rules.mode === "observe" ? "observe" : "closed", "config", now);
    this.#results = [];
  }

  view(now: number): object {
    this.live(now);
    const open = this.state === "open" || this.state === "forced_open";
    const all = this.#count("ok", now) + this.#count("slow", now) + this.#count("failed", now);
    return {
      state: this.state.replace("_", "-"),
      failure_rate: all === 0 ? 0 : (100 * this.#count("failed", now)) / all,
      slow_rate: all === 0 ? 0 : (100 * this.#count("slow", now)) / all,
      calls: all,
      opened_seconds: open ? (now - this.since) / 1000 : null,
      retry_in_ms: open && this.#end() !== Infinity ? this.#end() - now : null,
      permits_left: this.state === "half_open" ? this.permitsLeft() : null,
      cause: this.cause,
      last_cause: this.lastCause,
    };
  }

  #endClosed(how: string, what: "ok" | "slow" | "failed", now: number): void {
    this.#row = what === "failed" ? this.#row + 1 : 0;
    if (what === "failed") this.#healthySince = now;
    const { minimum_calls, failure_rate, slow_rate, consecutive } = this.#rules;
    const [failed, slow] = [this.#count("failed", now), this.#count("slow", now)];
    const all = failed + slow + this.#count("ok", now);
    if (how === "policy") this.#open("policy", now);
    else if (this.#row >= consecutive) this.#open("consecutive_failures", now);
    else if (all >= minimum_calls && failed / all >= failure_rate / 100) this.#open("failure_rate", now);
    else if (all >= minimum_calls && slow / all >= slow_rate / 100) this.#open("slow_rate", now);
  }

  /** Of the present twelfth of the window and the eleven before it. */
  #count(what: string, now: number): number {
    const twelfth = this.#rules.window / 12;
    const begin = now - (now % twelfth) - 11 * twelfth;
    return this.#results.filter((result) => result.what === what && result.at >= begin).length;
  }

  #hanging(): ReferenceCall[] {
    return this.#probes.filter((probe) => !probe.over);
  }

  #end(): number {
    if (this.state === "open")
      return this.since + (this.alone ? Math.min(5000, this.openTime) : this.openTime) * this.jitter;
    if (this.state === "forced_open") return this.forcedUntil;
    if (this.state !== "half_open") return Infinity;
    if (this.#hanging().length > 0) return Math.min(...this.#hanging().map((probe) => probe.begun)) + 10_000;
    return this.#passed.length > 0 ? this.#probed + 10_000 : Infinity;
  }

  #hang(now: number): void {
    for (const probe of this.#hanging()) {
      if (probe.begun + 10_000 > now) continue;
      probe.over = true;
      this.#results.push({ at: now, what: "failed" });
    }
    this.#open("probe_hung", now);
  }

  #judge(now: number): void {
    const slow = this.#passed.filter((passed) => passed === "slow").length;
    if (slow / this.#passed.length >= this.#rules.slow_rate / 100) return this.#open("slow_rate", now);
    this.#enter("closed", "probes_passed", now);
    this.#results = [];
  }

  #open(cause: string, now: number): void {
    const { open, open_max } = this.#rules;
    let most = 1;
    while (open * 2 ** (most - 1) < open_max) most++;
    if (this.#openings < most) this.#openings++;
    this.openTime = Math.min(open_max, open * 2 ** (this.#openings - 1));
    this.jitter = 0.5 + this.#random() / 2;
    this.lastCause = cause;
    this.#enter("open", cause, now);
  }

  #enter(state: string, cause: string, now: number): void {
    if (state !== this.state) this.log.push(`${this.state} > ${state}: ${cause}`);
    this.state = state;
    this.cause = cause;
    this.since = now;
    this.#stay++;
    this.#healthySince = now;
    this.#row = 0;
    this.#probes = [];
    this.#passed = [];
  }
}
