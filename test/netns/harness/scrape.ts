import type { Namespace } from "../../../src/cli/demo/namespace.ts";

export interface Scrape {
  status: number;
  type: string;
  text: string;
}

const script = `
  const response = await fetch(process.argv[1]);
  const answer = { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  console.log(JSON.stringify(answer));
`;

/** GET on the loopback of a namespace. */
export async function get(namespace: Namespace, path: string, port = 9090): Promise<Scrape> {
  const url = `http://127.0.0.1:${port}${path}`;
  return JSON.parse(await namespace.run(process.execPath, "--input-type=module", "-e", script, url)) as Scrape;
}

/** Value of one series, NaN when it is not there. */
export function sampleOf(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}
