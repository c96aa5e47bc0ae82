// Saving to a file what the box does not have: for a computer that cannot reach it any more.
//
// The file is sealed for the boxes of this exam (docs/candidate-protocol.md, section 13), so that a
// stick that is lost tells nothing.  Nothing is forgotten here by saving it.

import { el, icon } from "./elements.js";
import { savesNoFiles } from "./locked_browser.js";
import { t } from "./texts.js";

const FORMAT = "rescue/1";

/** Keep what seals the work of an attempt on this computer. */
export async function keepRescueKey(keeping, attempt, facts) {
  await keeping.setFact(`rescue ${attempt}`, facts);
}

/** Return the attempts that have work here which may be nowhere else. */
export async function attemptsWithWork(keeping) {
  return [...new Set((await keeping.allChanges()).map((one) => one.attempt))];
}

/** Make the offer to save the work of an attempt to a file, or say that it is kept where no file can be saved. */
export function rescueOffer(keeping, attempt, number = "") {
  if (savesNoFiles()) return el("p", { class: "rescue" }, `${t("rescue_help")} ${t("rescue_kept")}`);
  const said = el("p", { class: "quiet-text", role: "status" });
  const save = async () => {
    const file = await rescueFile(keeping, attempt);
    said.textContent = file ? t("rescue_saved") : t("rescue_impossible");
    if (file) download(file, `exam-${number || attempt}.examwork`);
  };
  return el("div", { class: "stack rescue" },
    el("p", { class: "quiet-text" }, t("rescue_help")),
    el("button", { class: "btn", type: "button", onclick: save }, icon("computer"), t("rescue_save")),
    said);
}

/** Return the sealed file, or null where this computer never got a key for it. */
async function rescueFile(keeping, attempt) {
  const facts = await keeping.fact(`rescue ${attempt}`);
  if (!facts) return null;
  const changes = (await keeping.changes(attempt)).map(asWritten);
  const plain = new TextEncoder().encode(JSON.stringify({ changes }));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const key = await crypto.subtle.importKey("raw", fromBase64(facts.key), "AES-GCM", false, ["encrypt"]);
  const additionalData = new TextEncoder().encode(`${FORMAT}|${attempt}|${facts.client}`);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, key, plain);
  return JSON.stringify({
    format: FORMAT,
    attempt_id: attempt,
    client_id: facts.client,
    nonce: toBase64(nonce),
    sealed: toBase64(new Uint8Array(sealed)),
  });
}

function asWritten(change) {
  const written = { no: change.no, kind: change.kind, item: change.item };
  if (change.kind === "response") Object.assign(written, { response: change.response, value: change.value });
  if (change.kind === "flag") written.flagged = change.flagged;
  return written;
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function download(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(address);
}
