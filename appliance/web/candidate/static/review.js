// Before handing in: what is there, what is not; then the hand-in itself.

import { call, OutOfReach, Refused } from "./box_calls.js";
import { el, icon } from "./elements.js";
import { t } from "./texts.js";

const TRY_AGAIN_MS = 1000;

/** Show the review in `place`. */
export function openReview(screen, place, { attempt, onHandIn }) {
  const items = screen.items;
  const asked = items.filter((item) => item.responses.length);
  const done = asked.filter((item) => screen.isResponded(item)).length;
  const flagged = items.filter((item) => screen.isFlagged(item)).length;
  const heading = el("h1", { tabindex: "-1" }, t("review_title"));
  const total = asked.length;
  place.replaceChildren(el("article", { class: "item review" },
    heading,
    el("p", { class: "lead" }, icon(done === total ? "check" : "warn"),
      el("span", {}, done === total ? t("review_all", { total }) : t("review_some", { n: done, total }))),
    flagged ? el("p", { class: "lead" }, icon("flag"), el("span", {}, t("review_marked", { n: flagged }))) : null,
    el("ul", { class: "review-items" }, items.map((item) => row(screen, item))),
    el("div", { class: "step" },
      el("button", { class: "btn", onclick: () => screen.show(screen.current.number - 1) }, icon("back"), t("back_to_exam")),
      el("span", { class: "grow" }),
      el("button", { class: "btn main", onclick: () => confirm(screen, place, attempt, onHandIn) }, t("hand_in")))));
  heading.focus({ preventScroll: true });
}

function row(screen, item) {
  const done = screen.isResponded(item);
  const asks = item.responses.length > 0;
  return el("li", {},
    el("button", { class: "btn quiet", disabled: screen.isClosed(item), onclick: () => screen.show(item.number - 1) },
      el("b", { class: "num" }, String(item.number)), el("span", { class: "name" }, item.title),
      asks ? el("span", { class: done ? "tag safe" : "tag wait" }, done ? icon("check") : null, done ? t("responded") : t("not_yet")) : null,
      screen.isFlagged(item) ? el("span", { class: "tag wait" }, icon("flag"), t("marked")) : null));
}

function confirm(screen, place, attempt, onHandIn) {
  const dialog = el("dialog", { class: "panel", "aria-label": t("hand_in_sure"), onclose: () => dialog.remove() },
    el("h2", {}, t("hand_in_sure")),
    el("p", {}, t("hand_in_help")),
    el("div", { class: "row end" },
      el("button", { class: "btn", onclick: () => dialog.close() }, t("keep_writing")),
      el("button", { class: "btn main", onclick: () => { dialog.close(); handIn(screen, place, attempt, onHandIn); } }, t("hand_in"))));
  document.body.append(dialog);
  dialog.showModal();
}

/** Hand in, trying until everything is at the box and it has said yes. */
async function handIn(screen, place, attempt, onHandIn) {
  const said = el("p", { class: "lead", role: "status" }, t("handing_in"));
  place.replaceChildren(el("article", { class: "item" }, el("h1", {}, t("hand_in")), said));
  for (;;) {
    try {
      await screen.line.exchange();
      if (screen.line.unsentCount === 0) {
        await call("POST", `/api/v1/attempts/${attempt}/submission`, {
          last_change: screen.line.lastNo,
          oldest: screen.line.oldestNo,
        });
        break;
      }
      if (!screen.line.reachable) said.textContent = t("handing_in_offline");
    } catch (problem) {
      if (problem instanceof OutOfReach) said.textContent = t("handing_in_offline");
      else if (problem instanceof Refused && problem.key === "changes_missing") said.textContent = problem.sentence;
      else if (problem instanceof Refused) said.textContent = problem.sentence;
      else throw problem;
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  }
  await onHandIn();
}
