// The screens around the exam: signing in, waiting, moving, handed in.

import { call, OutOfReach, Refused } from "./box_calls.js";
import { el, icon, showScreen } from "./elements.js";
import { t, timeOfDay } from "./texts.js";

const TRY_AGAIN_MS = 2000;

function card(...children) {
  return el("main", { class: "centred" }, el("section", { class: "card welcome" }, ...children));
}

/** While the box is out of reach and nothing is known yet. */
export function looking() {
  return card(el("h1", {}, t("looking_for_box")), el("p", { class: "quiet-text" }, t("looking_help")));
}

/** Enter the code on the slip.  `onCode` may throw; its sentence is shown. */
export function signIn(onCode, notice) {
  const said = el("p", { class: "notice trouble", role: "alert", hidden: true });
  const input = el("input", {
    id: "code",
    name: "code",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: "40",
    required: true,
    "aria-describedby": "code-help",
    class: "code num",
    oninput: () => (input.value = grouped(input.value)),
  });
  const button = el("button", { class: "btn main", type: "submit" }, t("sign_in"));
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    said.hidden = true;
    try {
      await onCode(input.value);
    } catch (problem) {
      said.textContent = problem instanceof Refused ? problem.sentence : t("looking_for_box");
      said.hidden = false;
      button.disabled = false;
      input.select();
      if (!(problem instanceof Refused || problem instanceof OutOfReach)) throw problem;
    }
  };
  const form = el(
    "form",
    { onsubmit: submit },
    el("label", { for: "code" }, t("code")),
    input,
    el("p", { id: "code-help", class: "quiet-text" }, t("code_help")),
    said,
    button,
  );
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    // A scanned slip carries the code behind the #, which no server ever sees.
    input.value = grouped(code);
    history.replaceState(null, "", `/${location.search}`);
  }
  return card(
    el("p", { class: "eyebrow" }, t("welcome")),
    el("h1", {}, t("enter_code")),
    notice ? el("p", { class: "notice info" }, notice) : null,
    form,
  );
}

/** Write a code in groups of four, as on the slip. */
function grouped(text) {
  const plain = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return plain.replace(/(.{4})(?=.)/g, "$1-");
}

/** Signed in, not writing yet. */
export function waiting(me, standing, onOther) {
  const admitted = standing.attempt_state === "admitted";
  const facts = [
    [t("fact_exam"), me.title],
    [t("fact_number"), me.number],
    [t("fact_seat"), standing.seat],
    [t("fact_time"), lengthOf(me.allotted_seconds)],
  ].filter(([, value]) => value);
  return card(
    me.practice ? el("p", { class: "tag info" }, t("practice")) : el("p", { class: "eyebrow" }, me.room),
    el("h1", {}, t("hello", { name: me.name })),
    el("p", { class: "lead", role: "status" }, icon(admitted ? "check" : "clock"),
      el("span", {}, admitted ? t("wait_start") : t("wait_check_in"))),
    el("dl", { class: "facts" }, facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", { class: "num" }, value)])),
    el("h2", {}, t("how_title")),
    el("ul", { class: "how" },
      ["how_saving", "how_outage", "how_moving", "how_help"].map((name) => el("li", {}, t(name)))),
    conductNote(me, "h2"),
    admitted ? null : el("p", { class: "quiet-text" }, t("is_this_you"), " ",
      el("button", { class: "linklike", onclick: onOther }, t("other_code"))),
  );
}

/** What is noted of this candidate, and on what basis; nothing where nothing is. */
export function conductNote(me, heading) {
  if (!me.conduct_basis) return null;
  return el("section", { class: "conduct" }, el(heading, {}, t("conduct_title")),
    el("p", {}, t("conduct")), el("p", {}, t("conduct_basis", { basis: me.conduct_basis })));
}

function lengthOf(seconds) {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Waiting for the invigilator to move the attempt here. */
export function asking(me) {
  return card(el("p", { class: "eyebrow" }, me.room), el("h1", {}, t("asking_title")), el("p", { class: "lead" }, t("asking")));
}

/** This computer is not the one the attempt is written on any more. */
export function elsewhere(line, onOther, rescue) {
  const said = el("p", { class: "lead", role: "status" });
  const say = () => {
    said.textContent = line.unsentCount ? t("elsewhere_unsent") : t("elsewhere");
    rescue.hidden = line.unsentCount === 0;
  };
  line.addEventListener("change", say);
  say();
  return card(
    el("h1", {}, t("elsewhere_title")),
    said,
    rescue,
    el("button", { onclick: onOther }, t("other_code")),
  );
}

/** A sentence and nothing to do. */
export function noteScreen(title, text) {
  return card(el("h1", {}, title), el("p", { class: "lead" }, text));
}

/** Handed in: the receipt, once everything that was written here has reached the box. */
export async function handedIn({ me, line, onLeave }) {
  const place = el("div", { class: "receipt" });
  const leave = el("button", { class: "btn main", hidden: true, onclick: onLeave }, t("leave"));
  const still = el("p", { class: "notice wait", role: "status", hidden: true }, t("still_sending"));
  const sayStill = () => {
    still.hidden = line.unsentCount === 0;
    leave.hidden = line.unsentCount > 0 || !place.childElementCount;
  };
  line.addEventListener("change", sayStill);
  showScreen(card(
    el("p", { class: "eyebrow" }, me.title),
    el("h1", {}, line.standing?.submitted_by === "time" ? t("handed_in_time") : t("handed_in")),
    place, still, leave,
  ));
  const receipt = await receiptOf(me.attempt_id);
  place.append(el("dl", { class: "facts" },
    el("dt", {}, t("receipt_at")), el("dd", { class: "num" }, timeOfDay(receipt.submitted_at_ms, { seconds: true })),
    el("dt", {}, t("receipt_count")), el("dd", { class: "num" }, String(receipt.responses_given)),
    el("dt", {}, t("receipt_code")), el("dd", { class: "num receipt-code" }, receipt.check_code)),
    el("p", { class: "quiet-text" }, t("receipt_help")));
  sayStill();
}

async function receiptOf(attempt) {
  for (;;) {
    try {
      return await call("GET", `/api/v1/attempts/${attempt}/receipt`);
    } catch (problem) {
      if (!(problem instanceof OutOfReach || problem instanceof Refused)) throw problem;
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
}
