// The status line: one sentence about where the candidate's work is.  Announced when it changes.

import { el, icon } from "./elements.js";
import { t, timeOfDay } from "./texts.js";

const CALM_MS = 4000; // unsent for less than this is the ordinary rhythm of saving

/** Return [meaning, icon, text] for the state of a line. */
function meaning(line) {
  const standing = line.standing;
  if (line.keptFailed) return ["trouble", "warn", t("status_not_kept")];
  if (line.tooLong) return ["trouble", "warn", t("too_long")];
  if (line.uploadRefusal) return ["trouble", "warn", line.uploadRefusal];
  if (line.refusal && !line.signedOut) return ["trouble", "warn", line.refusal];
  const since = line.waitingSince;
  const waiting = since === null ? 0 : performance.now() - since;
  if (!line.reachable && (since !== null || line.signedOut)) {
    return ["wait", "computer", t("status_offline")];
  }
  if (waiting > CALM_MS) return ["wait", "computer", t("status_kept")];
  if (standing?.saved_at_ms) {
    const time = timeOfDay(standing.saved_at_ms, { seconds: true });
    return standing.safe === "two_places"
      ? ["safe", "double-check", t("status_two_places", { time })]
      : ["safe", "check", t("status_saved", { time })];
  }
  if (since !== null) return ["wait", "computer", t("status_typed")];
  return ["calm", "check", t("status_none")];
}

/** Make the status line of a line to the box; it keeps itself up to date. */
export function statusLine(line) {
  const words = el("span");
  const picture = el("span", { class: "picture" });
  const spoken = el("span", { class: "spoken", role: "status" });
  const element = el("div", { class: "status" }, picture, words, spoken);
  let shown = "";
  let signed = "";
  const show = () => {
    const [state, sign, text] = meaning(line);
    if (words.textContent !== text) words.textContent = text;
    if (signed !== sign) picture.replaceChildren(icon(sign));
    signed = sign;
    if (shown === state) return;
    shown = state;
    element.dataset.state = state;
    // Only a change of meaning is spoken: the time alone would speak every few seconds.
    spoken.textContent = text;
  };
  line.addEventListener("change", show);
  const timer = setInterval(() => (element.isConnected ? show() : clearInterval(timer)), 1000);
  show();
  return element;
}
