// Takes part in rooms with a generated client that waits for half a second only,
// while the app says nothing, or does not answer.
import { client, type RoomOptions, type Heard, type Tape } from "./api.js";
import { check, done, url } from "./check.js";

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !is(); ) {
    if (Date.now() > end) return check(`${what} within a minute`, false, true);
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

for (const transport of ["socket", "events"] as const) {
  const key = `quiet-${transport}`;
  const said: string[] = [];
  let [opened, states] = [0, 0];
  const options: RoomOptions<Tape, Heard> = {
    transport,
    onStatus: (status) => (opened += status === "open" ? 1 : 0),
    onState: () => states++,
    onOut: (heard) => said.push(heard.text),
  };
  const room = client(url).tape({ key }, options);
  await until("quiet", () => opened >= 3);
  check("acknowledged", (await room.send({ text: "heard" })).ok, true);
  await until("heard", () => said.length > 0);
  check("heard", [said, states], [["heard"], 1]);
  room.close();
}

// The first WebSocket and the first POST are not answered.
const deaf = client(`${url}/deaf`).tape({ key: "deaf" });
check("deaf", (await deaf.send({ text: "at last" })).ok, true);
deaf.close();
const said: string[] = [];
const heard = client(url).tape({ key: "deaf" }, { onState: (tape) => said.push(...tape.said) });
await until("deaf", () => said.length > 0);
check("deaf", said, ["at last"]);
heard.close();
done();
