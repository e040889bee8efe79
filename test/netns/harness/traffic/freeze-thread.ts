/** Stops one thread of a process, and nothing else of it, until this program ends: `freeze-thread.ts PID NAME`. */
import { readdirSync, readFileSync } from "node:fs";
import koffi from "koffi";

// sys/ptrace.h
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;

const [pid = "", name = ""] = process.argv.slice(2);
const libc = koffi.load("libc.so.6");
const ptrace = libc.func("ptrace", "long", ["long", "long", "uintptr_t", "uintptr_t"]);
const tasks = `/proc/${pid}/task`;
const threads = readdirSync(tasks).filter((id) => readFileSync(`${tasks}/${id}/comm`, "utf8").trim() === name);
const [thread] = threads;
if (thread === undefined || threads.length > 1)
  throw new Error(`${threads.length} threads of ${pid} are named ${name}`);
for (const request of [PTRACE_SEIZE, PTRACE_INTERRUPT]) {
  if (ptrace(request, Number(thread), 0, 0) !== 0) throw new Error(`ptrace ${request}: errno ${koffi.errno()}`);
}
console.log("connected");
setInterval(() => {}, 1000);
