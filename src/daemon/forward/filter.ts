/** One instruction of a classic packet filter (linux/filter.h, struct sock_filter). */
interface Instruction {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value: number;
}

const loadHalf = 0x28;
const loadByte = 0x30;
const jumpIfEqual = 0x15;
const give = 0x06;
const wholeFrame = 0x4_0000;
const instructionLength = 8;

function accept(...conditions: readonly (readonly [load: number, at: number, values: readonly number[]])[]): Buffer {
  const program: Instruction[] = [];
  for (const [load, at, values] of conditions) {
    program.push({ code: load, value: at });
    for (const value of values) program.push({ code: jumpIfEqual, value });
  }
  program.push({ code: give, value: wholeFrame }, { code: give, value: 0 });
  return encode(link(program));
}

/** Jumps are relative: equal goes on behind the condition, none of its values leads to the refusal at the end. */
function link(program: readonly Instruction[]): Instruction[] {
  const refusal = program.length - 1;
  return program.map((instruction, at) => {
    if (instruction.code !== jumpIfEqual) return instruction;
    const behind = program.findIndex(({ code }, index) => index > at && code !== jumpIfEqual);
    const isLast = behind === at + 1;
    return { ...instruction, ifTrue: behind - at - 1, ifFalse: isLast ? refusal - at - 1 : 0 };
  });
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * instructionLength);
  for (const [index, { code, ifTrue = 0, ifFalse = 0, value }] of program.entries()) {
    const at = index * instructionLength;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(ifTrue, at + 2);
    bytes.writeUInt8(ifFalse, at + 3);
    bytes.writeUInt32LE(value, at + 4);
  }
  return bytes;
}

/** Lets ARP for IPv4 over Ethernet through, as struct sock_filter[]. */
export const arpFilter: Buffer = accept([loadHalf, 12, [0x0806]], [loadHalf, 14, [1]], [loadHalf, 16, [0x0800]]);

/** Lets neighbour solicitations and advertisements through that lie right behind the IPv6 header. */
export const neighbourFilter: Buffer = accept(
  [loadHalf, 12, [0x86dd]],
  [loadByte, 20, [58]],
  [loadByte, 54, [135, 136]],
);
