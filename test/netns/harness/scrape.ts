import type { Namespace } from "../../../src/cli/demo/namespace.ts";

export interface Scrape {
  status: number;
  type: string;
  text: string;
}

const script = `
  const answers = [];
  for (const url of process.argv.slice(1)) {
    const response = await fetch(url);
    const type = response.headers.get("content-type");
    answers.push({ status: response.status, type, text: await response.text() });
  }
  console.log(JSON.stringify(answers));
`;

/** GETs on the loopback of a namespace, one after the other. */
export async function getAll(namespace: Namespace, paths: readonly string[], port: number): Promise<Scrape[]> {
  const urls = paths.map((path) => `http://127.0.0.1:${port}${path}`);
  return JSON.parse(await namespace.run(process.execPath, "--input-type=module", "-e", script, ...urls)) as Scrape[];
}

/** GET on the loopback of a namespace. */
export async function get(namespace: Namespace, path: string, port = 9090): Promise<Scrape> {
  const [answer] = await getAll(namespace, [path], port);
  if (answer === undefined) throw new Error(`no answer to ${path}`);
  return answer;
}

/** Value of one series, NaN when it is not there. */
export function sampleOf(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}
