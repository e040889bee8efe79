import type { Curve, Point } from "../../../bench/curves-result.ts";

/** One line of a chart. */
interface Line {
  readonly name: string;
  readonly colour: string;
  readonly dashes: string;
  readonly values: readonly (number | null)[];
}

const size = { width: 760, height: 300 } as const;
const panel = { width: 310, height: 190, top: 40, left: [55, 435] } as const;
/** Readable on a light and on a dark page. */
const ink = "#7a828e";
const tunnelColour = "#2f81f7";
const relayColour = "#c2730a";
const gridLines = 4;

/** Throughput on the left, round trips on the right, over the same levels. */
export function curvePlot({ axis, points }: Curve): string {
  const line = (name: string, colour: string, dashes: string, value: (point: Point) => number | null): Line => ({
    name,
    colour,
    dashes,
    values: points.map(value),
  });
  const throughput = [
    line("tunnel", tunnelColour, "", ({ tunnel_mbps }) => tunnel_mbps / 1000),
    line("relay", relayColour, "", ({ relay_mbps }) => relay_mbps / 1000),
  ];
  const trips = [
    line("tunnel p50", tunnelColour, "", ({ tunnel }) => tunnel.p50_ms),
    line("tunnel p99", tunnelColour, "2 4", ({ tunnel }) => tunnel.p99_ms),
    line("relay p50", relayColour, "", ({ relay }) => relay.p50_ms),
    line("relay p99", relayColour, "2 4", ({ relay }) => relay.p99_ms),
  ];
  const levels = points.map(({ at }) => String(at));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12" fill="${ink}">`,
    ...chart(panel.left[0], "Gbit/s", axis, levels, throughput),
    ...chart(panel.left[1], "round trip, ms", axis, levels, trips),
    "</svg>",
    "",
  ].join("\n");
}

function chart(left: number, unit: string, axis: string, levels: readonly string[], lines: readonly Line[]): string[] {
  const most = ceiling(Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const bottom = panel.top + panel.height;
  const x = (index: number): number => left + (panel.width * (index + 0.5)) / levels.length;
  const y = (value: number): number => round(bottom - (panel.height * value) / most);
  const grid = Array.from({ length: gridLines + 1 }, (_, index) => (most * index) / gridLines).flatMap((value) => [
    `<path d="M${left} ${y(value)}h${panel.width}" stroke="${ink}" stroke-opacity="0.3"/>`,
    `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${round(value)}</text>`,
  ]);
  return [
    `<text x="${left}" y="16" font-weight="bold">${unit}</text>`,
    ...grid,
    ...levels.map(
      (level, index) => `<text x="${round(x(index))}" y="${bottom + 18}" text-anchor="middle">${level}</text>`,
    ),
    `<text x="${left + panel.width / 2}" y="${bottom + 36}" text-anchor="middle">${axis}</text>`,
    ...lines.flatMap((line, index) => [...drawn(line, x, y), ...legend(line, left + 82 * index)]),
  ];
}

function drawn({ colour, dashes, values }: Line, x: (index: number) => number, y: (value: number) => number): string[] {
  const places = values.flatMap((value, index) => (value === null ? [] : [`${round(x(index))} ${y(value)}`]));
  const stroke = `fill="none" stroke="${colour}" stroke-width="2"${dashes === "" ? "" : ` stroke-dasharray="${dashes}"`}`;
  const dots = places.map((place) => {
    const [cx = "", cy = ""] = place.split(" ");
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
  });
  return [`<path d="M${places.join("L")}" ${stroke}/>`, ...dots];
}

function legend({ name, colour, dashes }: Line, left: number): string[] {
  const at = panel.top + panel.height + 56;
  const stroke = `stroke="${colour}" stroke-width="2"${dashes === "" ? "" : ` stroke-dasharray="${dashes}"`}`;
  return [
    `<path d="M${left} ${at - 4}h14" ${stroke}/>`,
    `<text x="${left + 17}" y="${at}" font-size="11">${name}</text>`,
  ];
}

/** The next of 1, 2, 4, 5, 8 times a power of ten. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
