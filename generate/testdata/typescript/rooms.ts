// Takes part in rooms with the generated client, while the app cuts connections.
import { client, type RoomAck, type RoomMember, type RoomMembers, type RoomOptions, type Heard, type Tape } from "./api.js";
import { check, done, url } from "./check.js";

const sockets = typeof WebSocket === "function";
const app = client(url);
const run = String(Math.random()).slice(2);

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !is(); ) {
    if (Date.now() > end) return check(`${what} within a minute`, false, true);
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

/** What a member knows of a tape. */
function copy(more: RoomOptions<Tape, Heard> = {}) {
  const c = { said: [] as string[], states: 0, gaps: 0, members: { count: 0, list: [] } as RoomMembers, you: undefined as RoomMember | undefined, opened: 0, wrong: 0, last: "closed" };
  const options: RoomOptions<Tape, Heard> = {
    onState: (tape) => {
      c.states++;
      c.said = tape.said;
    },
    onOut: (heard) => {
      if (heard.number !== c.said.length + 1) c.gaps++;
      c.said.push(heard.text);
    },
    onMembers: (members) => (c.members = members),
    onYou: (you) => (c.you = you),
    onStatus: (status, wait) => {
      c.opened += status === "open" ? 1 : 0;
      const before = { connecting: "closed waiting open", open: "connecting", waiting: "open connecting", closed: "connecting open waiting" }[status];
      if (!before.includes(c.last) || (status === "waiting") !== (wait !== undefined && wait >= 0)) c.wrong++;
      c.last = status;
    },
    ...more,
  };
  return { c, options };
}

const ways: [string, typeof app, RoomOptions<Tape, Heard>][] = [
  ["default", app, {}],
  ["events", app, { transport: "events" }],
  ["without-sockets", client(`${url}/plain`), {}],
];
if (sockets) ways.push(["socket", app, { transport: "socket" }]);
for (const [name, app, way] of ways) {
  const key = `cut-${name}-${run}`;
  const watched = copy(way);
  const spoken = copy(way);
  const watcher = app.tape({ key }, watched.options);
  const speaker = app.tape({ key }, spoken.options);
  const want: string[] = [];
  const acks: Promise<RoomAck>[] = [];
  const say = (text: string) => {
    want.push(text);
    const ack = speaker.send({ text });
    acks.push(ack);
    return ack;
  };
  for (let i = 0; i < 40; i++) await say(`one ${i}`);
  for (let i = 0; i < 200; i++) void say(`many ${i}`);
  check(`${name}: pending`, speaker.pending, 200);
  const all = await Promise.all(acks);
  check(`${name}: acknowledged`, [all.filter((a) => a.ok && a.at !== "").length, speaker.pending], [240, 0]);
  await until(name, () => watched.c.said.length >= want.length && spoken.c.said.length >= want.length);
  for (const { c } of [watched, spoken]) {
    check(`${name}: said`, c.said, want);
    check(`${name}: gaps and states`, [c.gaps, c.states], [0, 1]);
    check(`${name}: cut`, c.opened > 1, true);
    check(`${name}: statuses`, [c.wrong, c.last], [0, "open"]);
  }
  await until(`${name}: two members`, () => watched.c.members.count === 2);
  check(`${name}: you`, [watched.c.you?.name, watched.c.members.list.some((m) => m.id === watched.c.you?.id)], ["ada", true]);

  // One that comes later has the same, and goes on after what it knows.
  const late = copy(way);
  const again = app.tape({ key }, { ...late.options, after: watcher.at });
  await speaker.send({ text: "last" });
  await until(name, () => late.c.said.length > 0);
  check(`${name}: after`, [late.c.said, late.c.states], [["last"], 0]);
  for (const room of [watcher, speaker, again]) room.close();
  console.log(`${name}: ${want.length} operations over ${spoken.c.opened} connections, ${watched.c.gaps + spoken.c.gaps} lost, twice or out of place`);
}

const plain = copy();
const tape = app.tape({ key: `plain ${run}/x` }, plain.options);
const [first, refused, wrong, forbidden, last] = await Promise.all([
  tape.send({ text: "first", mood: "$odd" }), tape.send({ text: "no" }), tape.send({ text: "x".repeat(41) }), tape.send({ text: "forbidden" }), tape.send({ text: "last" }),
]);
check("first", first.ok, true);
check("refused", !refused.ok && [refused.status, refused.problem.errors], [422, [{ pointer: "/text", detail: "not this" }]]);
check("wrong", !wrong.ok && [wrong.status, wrong.problem.errors?.[0]?.code], [422, "maxLength"]);
check("forbidden", !forbidden.ok && [forbidden.status, forbidden.problem.status], [403, 403]);
check("last", last.ok, true);
await until("two", () => plain.c.said.length === 2);
check("two", [plain.c.said, tape.pending], [["first", "last"], 0]);
tape.close();
const after = await tape.send({ text: "after" });
check("after close", !after.ok && after.status, 0);

// What was said is sent as it was, whatever becomes of it.
const changing = { text: "before" };
const kept = copy();
const keeping = app.tape({ key: `kept ${run}` }, kept.options);
const sent = keeping.send(changing);
changing.text = "changed";
check("kept", (await sent).ok, true);
await until("kept", () => kept.c.said.length === 1);
check("kept", kept.c.said, ["before"]);
keeping.close();

// What is too large is refused, and what was sent with it is done.
for (const options of sockets ? [{}, { transport: "events" as const }] : [{}]) {
  const large = app.tape({ key: `large ${run}` }, options);
  const texts = ["a", "x".repeat(40_000), ...Array.from({ length: 60 }, () => "x".repeat(30_000)), "b"];
  const acks = await Promise.all(texts.map((text) => large.send({ text })));
  check("large", acks.map((a) => (a.ok ? 200 : a.status)), texts.map((text) => (text.length > 1 ? 413 : 200)));
  large.close();
}

// More than a member may send at once is sent more slowly.
const slow = app.slowTape({ key: run }, {});
const hurried = await Promise.all(Array.from({ length: 100 }, (_, i) => slow.send({ text: `${i}` })));
check("slow", hurried.filter((a) => a.ok).length, 100);
let order: string[] = [];
const slowly = app.slowTape({ key: run }, { onState: ({ said }) => (order = said) });
await until("slow", () => order.length > 0);
check("slow", order, Array.from({ length: 100 }, (_, i) => `${i}`));
slow.close();
slowly.close();

for (const options of sockets ? [{}, { transport: "events" as const }] : [{}]) {
  const said: string[] = [];
  const closed = app.tape({ key: "closed" }, { ...options, onProblem: ({ status, detail }) => said.push(`${status} ${detail}`), onStatus: (s) => said.push(s) });
  const ack = await closed.send({ text: "let me in" });
  check("closed", !ack.ok && ack.status, 403);
  await until("closed", () => said.at(-1) === "closed");
  check("closed", said, ["connecting", "403 The tape is closed.", "closed"]);
}

const stop = new AbortController();
const states: string[] = [];
const stopped = app.tape({ key: run }, { signal: stop.signal, onStatus: (s) => states.push(s) });
await until("open", () => states.includes("open"));
stop.abort();
await until("stopped", () => states.includes("closed"));
check("stopped", [states, (await stopped.send({ text: "" })).ok], [["connecting", "open", "closed"], false]);

// A page that is online again connects at once, and goes on.
if (typeof dispatchEvent === "function") {
  const page = copy();
  const room = app.tape({ key: run }, page.options);
  await until("open", () => page.c.states === 1);
  dispatchEvent(new Event("online"));
  await until("online", () => page.c.opened === 2);
  check("online", (await room.send({ text: "online" })).ok, true);
  await until("online", () => page.c.said.length === 1);
  check("online", [page.c.said, page.c.states], [["online"], 1]);
  room.close();
}

const notes: string[] = [];
const pad = app.notes({ onState: ({ messages }) => notes.push(...messages.map((m) => m.message.text)), onOut: (n) => notes.push(n.message.text) });
for (const text of ["1", "2", "3", "4"]) check("note", (await pad.send({ text })).ok, true);
await until("notes", () => notes.length > 0 && notes.at(-1) === "4");
pad.close();
try {
  app.tape({ key: ".." });
  check("dots", true, false);
} catch (error) {
  check("dots", error instanceof TypeError, true);
}
done();
