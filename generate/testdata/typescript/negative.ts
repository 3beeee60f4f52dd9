// Twenty-six mistakes. The compiler must find each of them: where it expects an error
// and finds none, that is an error.
import { client, type Everything, type EverythingInput, type Level, type Step } from "./api.js";

declare const all: EverythingInput;
declare const got: Everything;
const app = client("https://example.com");

// @ts-expect-error 1: the input is missing
void app.echo();
// @ts-expect-error 2: a required member is missing
void app.edit({ id: "1" });
// @ts-expect-error 3: a member that is not known
void app.edit({ id: "1", text: "abc", more: 1 });
// @ts-expect-error 4: another case
void app.edit({ ID: "1", text: "abc" });
// @ts-expect-error 5: a number for text
void app.edit({ id: 1, text: "abc" });
// @ts-expect-error 6: null for what is optional
void app.echo({ ...all, note: null });
// @ts-expect-error 7: undefined for what is optional
void app.echo({ ...all, note: undefined });
// @ts-expect-error 8: a value that the enum does not have
void app.echo({ ...all, level: "impossible" });
// @ts-expect-error 9: a number for 64 bits
void app.echo({ ...all, big: 1 });
// @ts-expect-error 10: a Date for a time
void app.echo({ ...all, when: new Date() });
// @ts-expect-error 11: a list of another type
void app.echo({ ...all, tags: [1] });
// @ts-expect-error 12: a nested member is missing
void app.echo({ ...all, steps: [{}] });
// @ts-expect-error 13: text for a file
void app.upload({ title: "", cover: "x", more: [], steps: [], labels: {}, count: "1", tags: [] });
// @ts-expect-error 14: an operation that does not exist
void app.remove({ id: "1" });
// @ts-expect-error 15: the data before ok was checked
void app.secret().then((answer) => answer.data);
// @ts-expect-error 16: the problem of an answer that is ok
void app.secret().then((answer) => answer.ok && answer.problem);
// @ts-expect-error 17: a status that the operation does not have
void app.secret().then((answer) => answer.ok && answer.status === 204);
// @ts-expect-error 18: what was received is open, and what is sent is not
const level: Level = got.level;
// @ts-expect-error 19: a member of the output that may be absent
const length: number = got.note.length;
// @ts-expect-error 20: a stream is not a promise
void app.numbers({ room: "1" }).then();
// @ts-expect-error 21: an operation that the room does not have
void app.tape({ key: "1" }).send({ word: "x" });
// @ts-expect-error 22: a value that the enum does not have
void app.tape({ key: "1" }).send({ text: "x", mood: "impossible" });
// @ts-expect-error 23: the id before ok was checked
void app.tape({ key: "1" }).send({ text: "x" }).then((ack) => ack.at);
// @ts-expect-error 24: what is received is open, and what is sent is not
void app.tape({ key: "1" }, { onState: (tape) => (mood = tape.mood) });
// @ts-expect-error 25: a member that outcomes do not have
void app.tape({ key: "1" }, { onOut: (heard) => heard.when });
// @ts-expect-error 26: the key is missing
void app.tape({}, { transport: "events" });

declare let mood: Level;
export const step: Step = { text: "this is right" };
export const later: string = got.level;
export { length, level, mood };
