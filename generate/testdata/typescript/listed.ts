// Calls the app from a page of another origin, which some operations list.
import { client, type StreamItem, type Event } from "./api.js";
import { check, done, url } from "./check.js";

const app = client(url, { credentials: "include" });

const token = await app.secret({ headers: { Authorization: "Bearer let-me-in" } });
check("with a token, after a preflight", token.ok && token.data, { text: "secret" });
const secret = await app.secret();
check("with the cookie that this set", secret.ok && secret.data, { text: "secret" });
const stranger = await client(url).secret();
check("without either, and readable", !stranger.ok && stranger.problem.status, 401);

const edited = await app.edit({ id: "a/b c", text: "long enough" });
check("edit, after a preflight", edited.ok && edited.status, 204);
const wrong = await app.edit({ id: "a/b c", text: "" });
check("refused, and readable", !wrong.ok && wrong.problem.errors?.map((e) => e.pointer), ["/text"]);
const sent = await app.upload({
  title: "T", cover: new File(["abc"], "cover.txt"), more: [], steps: [{ text: "one" }, { text: "two" }], labels: {}, count: "1", tags: [],
});
check("upload", sent.ok && sent.data, ["cover.txt:abc:<nil>", "Ttwo1 []"]);

const items: StreamItem<Event>[] = [];
for await (const item of app.numbers({ room: "open" }, { after: "940" })) items.push(item);
check("stream, cut and resumed", items.map((i) => i.id), Array.from({ length: 60 }, (_, i) => String(941 + i)));

const outcome = (e: unknown) => (e instanceof TypeError ? "blocked" : e);
check("an operation that lists no origin", await app.search({ kind: "easy", rest: "", q: "x" }).then(() => "readable", outcome), "blocked");
done();
