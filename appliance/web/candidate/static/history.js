// Earlier versions of a response: look at them, bring one back.

import { call, OutOfReach, Refused } from "./box_calls.js";
import { el } from "./elements.js";
import { t, timeOfDay } from "./texts.js";

const SHOWN_EVERY_MS = 20000;

/** Return at most one version for every stretch of time: nobody looks through keystrokes. */
function thinned(revisions) {
  let last = Infinity;
  return revisions.filter((one) => {
    if (last - one.saved_at_ms < SHOWN_EVERY_MS) return false;
    last = one.saved_at_ms;
    return true;
  });
}

function shown(value) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return t("empty_value");
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.join("\n") : value.name;
}

/** Rich text comes from the candidate's own browser: it is shown as text, never as HTML. */
function preview(value) {
  const text = shown(value).replace(/<\/(p|div|li)>/g, "\n").replace(/<[^>]*>/g, "");
  return el("pre", { class: "version-text" }, text);
}

/** Open the earlier versions of an item's responses. */
export async function openHistory(screen, item) {
  const list = el("div", { class: "versions" });
  const dialog = el("dialog", { class: "panel broad", "aria-label": t("earlier_versions"), onclose: () => dialog.remove() },
    el("h2", {}, t("earlier_versions")), el("p", { class: "quiet-text" }, t("earlier_help")), list,
    el("div", { class: "row end" }, el("button", { class: "btn", onclick: () => dialog.close() }, t("close"))));
  document.body.append(dialog);
  dialog.showModal();
  const attempt = screen.line.attempt;
  try {
    for (const response of item.responses) {
      const address = `/api/v1/attempts/${attempt}/revisions/${encodeURIComponent(item.item_id)}/${encodeURIComponent(response)}`;
      const { revisions } = await call("GET", address);
      for (const one of thinned(revisions)) list.append(version(screen, item, response, one, dialog));
    }
    if (!list.childElementCount) list.append(el("p", {}, t("earlier_none")));
  } catch (problem) {
    if (!(problem instanceof OutOfReach || problem instanceof Refused)) throw problem;
    list.append(el("p", {}, t("earlier_offline")));
  }
}

function version(screen, item, response, one, dialog) {
  const bring = () => {
    dialog.close();
    screen.bringBack(item, response, one.value);
  };
  return el("details", {},
    el("summary", { class: "num" }, t("version_at", { n: one.revision, time: timeOfDay(one.saved_at_ms, { seconds: true }) })),
    preview(one.value),
    el("button", { class: "btn", onclick: bring }, t("bring_back")));
}
