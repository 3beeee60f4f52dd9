// Buttons that sign in with passkeys, and add them.
const from = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (bytes) => bytes && btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => list.map((c) => ({ ...c, id: from(c.id) }));
let busy, waiting;

async function call(name, body = {}) {
  const answer = await fetch(new URL(name, import.meta.url), {
    method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body),
  });
  const data = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.detail || data.title || "The server cannot be reached. Please try again."), { status: answer.status });
  return data;
}

async function signIn(data, extra) {
  const asked = await call("ask");
  const { id, type, response: r } = await navigator.credentials.get({ publicKey: { ...asked, challenge: from(asked.challenge) }, ...extra });
  if (extra) waiting = undefined;
  try {
    const { then } = await call("sign-in", {
      id, type, next: data.passkeyNext ?? new URLSearchParams(location.search).get("next") ?? "",
      response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle) || "" },
    });
    location.assign(then);
  } catch (error) {
    if (error.status === 404) await PublicKeyCredential.signalUnknownCredential?.({ rpId: asked.rpId, credentialId: id })?.catch(() => {});
    throw error;
  }
}

async function add(data) {
  const asked = await call("new");
  const { id, type, response: r } = await navigator.credentials.create({
    publicKey: { ...asked, challenge: from(asked.challenge), user: { ...asked.user, id: from(asked.user.id) }, excludeCredentials: named(asked.excludeCredentials) },
  });
  await call("add", {
    id, type, about: data.passkeyAbout ?? "",
    response: { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.() ?? [] },
  });
  location.reload();
}

// say writes into the alert after an element; it is there before, so that screen
// readers notice.
function say(at, error) {
  const { passkeyCancelled, passkeyExists, passkeyFailed } = at.dataset;
  let alert = at.nextElementSibling;
  if (!alert?.matches("[data-passkey-alert]")) {
    alert = Object.assign(document.createElement("p"), { role: "alert" });
    alert.dataset.passkeyAlert = "";
    at.after(alert);
  }
  alert.textContent = !error ? ""
    : error.name === "NotAllowedError" || error.name === "AbortError" ? passkeyCancelled ?? "No passkey was used."
    : error.name === "InvalidStateError" ? passkeyExists ?? "This device has a passkey for this account."
    : passkeyFailed ?? error.message;
}

async function press(button) {
  if (busy) return;
  busy = true;
  stop();
  say(button);
  button.setAttribute("aria-busy", "true");
  try {
    return await (button.dataset.passkey === "add" ? add : signIn)(button.dataset); // another page is on its way
  } catch (error) {
    const { passkeyAgain } = button.dataset;
    if (error.status === 401 && passkeyAgain) return location.assign(passkeyAgain);
    say(button, error);
  }
  busy = false;
  button.removeAttribute("aria-busy");
  offer();
}

// offer lets the browser offer passkeys in an input.
async function offer() {
  const input = document.querySelector('input[autocomplete~="webauthn"]');
  if (!input || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || busy || waiting) return;
  const own = waiting = new AbortController();
  try {
    await signIn(input.dataset, { mediation: "conditional", signal: own.signal });
  } catch (error) {
    if (waiting === own) waiting = undefined; // the visitor has done nothing, and is told nothing
    else if (!own.signal.aborted) {
      say(input, error);
      offer();
    }
  }
}

function stop() {
  waiting?.abort();
  waiting = undefined;
}

function show() {
  stop();
  busy = false;
  for (const button of document.querySelectorAll("button[data-passkey]")) {
    button.hidden = false;
    button.removeAttribute("aria-busy");
    say(button);
  }
  offer();
}

if (window.PublicKeyCredential) {
  addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-passkey]");
    if (button) {
      event.preventDefault();
      press(button);
    }
  });
  document.addEventListener("gorgon:load", show);
  addEventListener("pageshow", (event) => event.persisted && show());
  show();
}
