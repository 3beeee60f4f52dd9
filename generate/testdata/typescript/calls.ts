// Calls the app with the generated client. Prints a line for each check.
import { client, StreamError, type CallAnswer, type Everything, type EverythingInput, type StreamItem, type Event } from "./api.js";
import { check, done, url } from "./check.js";

const app = client(url, { headers: async () => ({ Authorization: "Bearer let-me-in" }) });

const all: EverythingInput = {
  text: "Süppe & <b>", email: "ada@example.com", code: "ABC", whole: -5, small: 255, ratio: 0.1, yes: true,
  big: "-9223372036854775808", huge: "18446744073709551615", limited: "9007199254740993", when: "2026-01-31T12:00:00.123456789+01:00",
  data: "AAEC", level: "very-hard", levels: ["easy", "$odd"], tags: ["a", "b"], bigs: ["9223372036854775807"], steps: [{ text: "cook", level: "easy" }],
  labels: { "a.b": "1", "": "2" }, byLevel: { easy: "x" }, matrix: [[1, 2], []], pair: [1.5, -2], note: "", maybe: "0",
  address: { "street-name": "x" }, class: "c",
};
const child: EverythingInput = { ...all, child: all };
const echoed = await app.echo(child);
check("echo", echoed.ok && echoed.status, 201);
if (echoed.ok) check("echo", echoed.data, child);

const refused = await app.echo({ ...all, text: "taken" });
check("refused", !refused.ok && [refused.status, refused.problem.errors], [422, [{ pointer: "/text", detail: "is taken" }]]);
const wrong = await app.echo({ ...all, text: "", steps: [{ text: "" }] });
check("wrong", !wrong.ok && wrong.problem.errors?.map((e) => e.pointer).sort(), ["/steps/0/text", "/text"]);

const found = await app.search({ kind: "$odd", rest: "a/b c/ü", q: "x&y", tag: ["1", "2"], limit: 3, "X-Lang": "de" });
check("search", found.ok && found.data, [{ text: "$odd a/b c/ü x&y [1 2] true de" }]);
const less = await app.search({ kind: "easy", rest: "", q: "x" });
check("search", less.ok && less.data, [{ text: "easy  x [] false none" }]);

const edited = await app.edit({ id: "a/b c", text: "long enough" });
check("edit", edited.ok && [edited.status, edited.data], [204, undefined]);
await app.edit({ id: "..", text: "long enough" }).then(() => check("dots", true, false), (e: unknown) => check("dots", e instanceof TypeError, true));

const sent = await app.upload({
  title: "T", cover: new File(["abc"], "cover.txt", { type: "text/plain" }), more: [new File(["1"], "1"), new File(["2"], "2")],
  steps: [{ text: "one" }, { text: "two", minutes: 2 }], labels: { "a.b": "dot", "~": "tilde" }, count: "9223372036854775807", tags: ["x", "y"],
});
check("upload", sent.ok && sent.data, ["cover.txt:abc:<nil>", "1:1:<nil>", "2:2:<nil>", "Ttwodot9223372036854775807 [x y]"]);

const key = crypto.randomUUID();
const first = await app.ticket({ label: "ts" }, { key });
const second = await app.ticket({ label: "ts" }, { key });
const other = await app.ticket({ label: "ts" });
check("once", first.ok && second.ok && other.ok && [second.data.label === first.data.label, other.data.label === first.data.label], [true, false]);
const changed = await app.ticket({ label: "changed" }, { key });
check("once", !changed.ok && changed.problem.errors?.map((e) => e.code), ["idempotency-key"]);

const secret = await app.secret();
check("secret", secret.ok && secret.data, { text: "secret" });
const stranger = await client(url, { credentials: "omit" }).secret();
check("stranger", !stranger.ok && [stranger.status, stranger.problem.status], [401, 401]);
const read = await app.recipe({ id: "7" });
check("read", read.ok && read.data, { text: "7" });
const none = await app.recipe({ id: "none" });
check("not found", !none.ok && none.problem.status, 404);
const lost = await client(`${url}/no/such/place`).echo(all);
check("lost", !lost.ok && lost.status, 404);

const soon = new AbortController();
setTimeout(() => soon.abort(), 50);
const started = Date.now();
await app.slow({ signal: soon.signal }).then(
  () => check("abort", true, false),
  (e: unknown) => check("abort", [(e as Error).name, Date.now() - started < 5000], ["AbortError", true]),
);
await client("http://127.0.0.1:1").secret().then(() => check("no server", true, false), (e: unknown) => check("no server", e instanceof TypeError, true));

let next = 1;
let gaps = 0;
const begun = Date.now();
for await (const item of app.numbers({ room: "open" })) {
  if (item.data.number !== next || item.id !== String(next) || item.snapshot) gaps++;
  next = item.data.number + 1;
}
check("stream", [next - 1, gaps], [1000, 0]);
console.log(`stream: 1000 events over 20 connections or more in ${Date.now() - begun} ms, ${gaps} lost, twice or out of place`);

const again: StreamItem<Event>[] = [];
for await (const item of app.numbers({ room: "broken" })) again.push(item);
check("broken", again.map((i) => [i.id, i.snapshot]), [["998", true], ["999", false], ["1000", false]]);
const late: string[] = [];
for await (const item of app.numbers({ room: "open" }, { after: "998" })) late.push(item.id);
check("after", late, ["999", "1000"]);
const closed = await app.numbers({ room: "closed" }).next().then(() => undefined, (e: unknown) => e);
check("closed", closed instanceof StreamError && closed.problem.status, 403);
const stop = new AbortController();
const ended = await (async () => {
  for await (const item of app.numbers({ room: "open" }, { signal: stop.signal })) if (item.id === "150") stop.abort();
})().then(() => undefined, (e: unknown) => (e as Error).name);
check("aborted stream", ended, "AbortError");
for await (const item of app.numbers({ room: "open" })) if (item.id === "5") break;

// What is received may have more values than are known.
const level = (e: CallAnswer<Everything, 201>): string => (e.ok && e.data.level === "a later value" ? "later" : "known");
check("level", level(echoed), "known");
done();
