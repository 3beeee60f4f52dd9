// Calls the app from a page of an origin that no operation lists.
import { client } from "./api.js";
import { check, done, url } from "./check.js";

const app = client(url, { credentials: "include" });
const outcome = (e: unknown) => (e instanceof TypeError ? "blocked" : e);

check("secret", await app.secret().then(() => "readable", outcome), "blocked");
check("edit", await app.edit({ id: "a/b c", text: "long enough" }).then(() => "readable", outcome), "blocked");
const form = { title: "T", cover: new File(["abc"], "cover.txt"), more: [], steps: [{ text: "one" }, { text: "two" }], labels: {}, count: "1", tags: [] };
check("upload", await app.upload(form).then(() => "readable", outcome), "blocked");
done();
