// What the programs that call the app have in common, in Node.js and in a page.
declare const process: { argv: string[]; exitCode: number };

export const url = process.argv[2] ?? "";
let checks = 0;

export function check(name: string, is: unknown, want: unknown): void {
  checks++;
  const [a, b] = [sorted(is), sorted(want)];
  if (a === b) return;
  console.log(`FAIL ${name}: ${a}, want ${b}`);
  process.exitCode = 1;
}

export function done(): void {
  console.log(`${checks} checks`);
}

function sorted(v: unknown): string {
  const order = (_: string, x: unknown) =>
    x !== null && typeof x === "object" && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1))) : x;
  return JSON.stringify(v, order) ?? "undefined";
}
