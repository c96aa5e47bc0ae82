// The exam itself: the overview, one item, and what stays in place around it.

import { mountItem } from "/rendering/item.js";

import { call, OutOfReach, Refused } from "./box_calls.js";
import { clock } from "./clock.js";
import { openDisplay } from "./display.js";
import { el, icon, setExamHtml, showScreen } from "./elements.js";
import { openHistory } from "./history.js";
import { Overview } from "./overview.js";
import { openReview } from "./review.js";
import { rescueOffer } from "./rescue_file.js";
import { conductNote } from "./screens.js";
import { statusLine } from "./status.js";
import { itemTexts, t, timeOfDay } from "./texts.js";

const CUT_OFF_MS = 20000;

/** Say whether a response value is something. */
export function isGiven(value) {
  return !(value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length));
}

export class ExamScreen {
  #keeping;
  #line;
  #me;
  #exam;
  #onHandIn;
  #items = []; // { ...item, part, section, number }
  #values = new Map(); // item id -> Map(response id -> value)
  #flagged = new Set();
  #visited = new Set();
  #index = 0;
  #mounted = null;
  #place;
  #overview;
  #extended = null;
  #overlay = null;

  constructor({ keeping, line, me, exam, onHandIn }) {
    this.#keeping = keeping;
    this.#line = line;
    this.#me = me;
    this.#exam = exam;
    this.#onHandIn = onHandIn;
    for (const part of exam.exam.parts) {
      for (const section of part.sections) {
        for (const item of section.items) {
          this.#items.push({ ...item, part, section, number: this.#items.length + 1 });
        }
      }
    }
  }

  async open() {
    await this.#recall();
    // On another computer nobody knows the last item: the furthest one is where the work goes on.
    const visited = this.#items.filter((one) => this.#visited.has(one.item_id));
    const here = this.#items.find((one) => one.item_id === this.#lastItem) ?? visited.at(-1);
    this.#index = here ? here.number - 1 : 0;
    this.#build();
    if (!here && this.hasInstructions) this.showInstructions();
    else this.show(this.#index);
  }

  #lastItem = "";

  /** Take up the responses and marks that are kept here: the box's and what it does not have yet. */
  async #recall() {
    const attempt = this.#me.attempt_id;
    for (const one of await this.#keeping.responses(attempt)) this.#set(one.item, one.response, one.value);
    for (const mark of this.#exam.marks) this.#applyMark(mark.item, mark);
    for (const change of await this.#keeping.changes(attempt)) {
      if (change.kind === "flag") this.#applyMark(change.item, { flagged: change.flagged, visited: true });
      if (change.kind === "visit") this.#applyMark(change.item, { flagged: this.#flagged.has(change.item), visited: true });
    }
    this.#lastItem = (await this.#keeping.fact(`at ${attempt}`)) ?? "";
  }

  #applyMark(item, { flagged, visited }) {
    if (visited) this.#visited.add(item);
    if (flagged) this.#flagged.add(item);
    else this.#flagged.delete(item);
  }

  #set(item, response, value) {
    if (!this.#values.has(item)) this.#values.set(item, new Map());
    this.#values.get(item).set(response, value);
  }

  isResponded(item) {
    return [...(this.#values.get(item.item_id) ?? new Map()).values()].some(isGiven);
  }

  isFlagged(item) {
    return this.#flagged.has(item.item_id);
  }

  /** In a linear part what lies behind is closed, and what lies more than one ahead not yet open. */
  isClosed(item) {
    if (item.part.navigation !== "linear") return false;
    const furthest = Math.max(-1, ...this.#items.filter((one) => this.#visited.has(one.item_id)).map((one) => one.number));
    return item.number < furthest || item.number > furthest + 1;
  }

  get items() {
    return this.#items;
  }

  get current() {
    return this.#items[this.#index];
  }

  get line() {
    return this.#line;
  }

  #build() {
    const me = this.#me;
    const seat = this.#line.standing?.seat;
    const who = seat ? t("seat_and_number", { seat, number: me.number }) : t("number_only", { number: me.number });
    this.announcer = el("div", { class: "spoken", role: "status" });
    this.#place = el("main", { id: "item-place" });
    this.#overview = new Overview(this);
    this.help = el("button", { class: "btn quiet", "aria-pressed": "false", onclick: () => this.#askForHelp() },
      icon("hand"), el("span", {}, t("ask_for_help")));
    this.messages = el("div", { class: "messages" });
    const rescue = rescueOffer(this.#keeping, me.attempt_id, me.number);
    rescue.hidden = true;
    this.#line.addEventListener("change", () => (rescue.hidden = !this.#isCutOff()));
    showScreen(
      el("div", { class: "exam" },
        el("header", {},
          el("div", { class: "titles" }, el("div", { class: "exam-title" }, this.#exam.exam.title),
            el("div", { class: "who" }, `${me.name} · ${who}`)),
          me.practice ? el("span", { class: "tag info" }, t("practice")) : null,
          el("div", { class: "grow" }),
          statusLine(this.#line),
          el("button", { class: "btn quiet", onclick: openDisplay }, el("span", { "aria-hidden": "true", class: "aa" }, "Aa"), t("display")),
          this.help,
          clock(this.#line, (text) => this.announce(text)),
        ),
        this.#overview.element,
        el("div", { class: "desk" }, this.messages, rescue, this.#place),
        this.announcer,
      ),
    );
  }

  /** Say whether work has been waiting so long that it may have to be carried. */
  #isCutOff() {
    const since = this.#line.waitingSince;
    return !this.#line.reachable && since !== null && performance.now() - since > CUT_OFF_MS;
  }

  announce(text) {
    this.announcer.textContent = "";
    requestAnimationFrame(() => (this.announcer.textContent = text));
  }

  showInstructions() {
    this.#leaveItem();
    const begin = el("button", { class: "btn main", onclick: () => this.show(this.#index) }, t("begin"), icon("on"));
    const heading = el("h1", { tabindex: "-1" }, t("instructions"));
    const instructions = this.#exam.exam.instructions_html;
    this.#place.replaceChildren(el("article", { class: "item" }, heading,
      instructions ? setExamHtml(el("div", { class: "rubric" }), instructions) : null,
      conductNote(this.#me, "h2"),
      el("div", { class: "step" }, el("span", { class: "grow" }), begin)));
    heading.focus({ preventScroll: true });
  }

  get hasInstructions() {
    return Boolean(this.#exam.exam.instructions_html || this.#me.conduct_basis);
  }

  /** Show an item by its place in the exam. */
  show(index) {
    this.#leaveItem();
    this.#index = index;
    const item = this.current;
    this.#line.at(item.item_id);
    this.#keeping.setFact(`at ${this.#me.attempt_id}`, item.item_id);
    if (!this.#visited.has(item.item_id)) {
      this.#visited.add(item.item_id);
      this.#line.change("visit", item.item_id, {});
    }
    const body = setExamHtml(el("div", { class: "item-html", lang: item.language || null, spellcheck: "false" }), item.html);
    const heading = el("h1", { tabindex: "-1" }, item.title || t("item_of", { n: item.number, total: this.#items.length }));
    this.#place.replaceChildren(
      el("article", { class: "item" },
        el("div", { class: "head" }, el("span", {}, t("item_of", { n: item.number, total: this.#items.length })), this.#points(item)),
        heading,
        item.section.rubric_html ? setExamHtml(el("div", { class: "rubric" }), item.section.rubric_html) : null,
        body,
        this.#steps(item),
      ),
    );
    this.#mount(body, item);
    this.#place.scrollTop = 0;
    heading.focus({ preventScroll: true });
    this.#overview.update();
  }

  #points(item) {
    if (!item.points || Number(item.points) === 0) return null;
    const text = Number(item.points) === 1 ? t("points_one") : t("points", { n: Number(item.points).toLocaleString(document.documentElement.lang) });
    return el("span", { class: "pts" }, text);
  }

  #mount(body, item) {
    this.#mounted = mountItem(body, {
      readOnly: this.isClosed(item),
      texts: itemTexts,
      onChange: (response, value, file) => {
        if (file) this.#line.upload(value.sha256, file);
        this.#changed(item, response, value);
      },
    });
    for (const [response, value] of this.#values.get(item.item_id) ?? []) {
      if (item.responses.includes(response)) this.#mounted.setValue(response, value);
    }
    body.addEventListener("focusout", () => this.#line.sendNow());
  }

  #changed(item, response, value) {
    const before = this.isResponded(item);
    this.#set(item.item_id, response, value);
    this.#line.change("response", item.item_id, { response, value });
    if (before !== this.isResponded(item)) this.#overview.update();
  }

  #leaveItem() {
    this.#mounted?.destroy();
    this.#mounted = null;
    this.#line.sendNow();
  }

  #steps(item) {
    const at = item.number - 1;
    const linear = item.part.navigation === "linear";
    const before = at > 0 && !this.isClosed(this.#items[at - 1]) && !linear;
    const flag = el("button", { class: "btn", "aria-pressed": String(this.isFlagged(item)), onclick: () => this.#toggleFlag(item, flag) },
      icon("flag"), t("come_back_later"));
    const history = item.responses.length
      ? el("button", { class: "btn quiet", onclick: () => openHistory(this, item) }, icon("history"), t("earlier_versions"))
      : null;
    const last = at === this.#items.length - 1;
    const next = last
      ? el("button", { class: "btn main", onclick: () => this.review() }, t("review"))
      : el("button", { class: "btn main num", "aria-label": t("next"), onclick: () => this.show(at + 1) }, String(at + 2), icon("on"));
    return el("div", { class: "steps" },
      linear && !last ? el("p", { class: "quiet-text" }, t("linear_note")) : null,
      el("div", { class: "step" },
        before ? el("button", { class: "btn num", "aria-label": t("previous"), onclick: () => this.show(at - 1) }, icon("back"), String(at)) : null,
        linear ? null : flag, history, el("span", { class: "grow" }), next));
  }

  #toggleFlag(item, button) {
    const flagged = !this.isFlagged(item);
    this.#applyMark(item.item_id, { flagged, visited: true });
    button.setAttribute("aria-pressed", String(flagged));
    this.#line.change("flag", item.item_id, { flagged });
    this.#overview.update();
  }

  async #askForHelp() {
    const wanted = this.help.getAttribute("aria-pressed") !== "true";
    try {
      await call("POST", `/api/v1/attempts/${this.#me.attempt_id}/help`, { wanted });
      this.#showHelp(wanted);
    } catch (problem) {
      if (!(problem instanceof OutOfReach || problem instanceof Refused)) throw problem;
      this.announce(t("status_offline"));
    }
  }

  #showHelp(asked) {
    this.help.setAttribute("aria-pressed", String(asked));
    this.help.querySelector("span").textContent = asked ? t("help_coming") : t("ask_for_help");
  }

  /** Bring back an earlier value: it is a change like any other. */
  bringBack(item, response, value) {
    this.#changed(item, response, value);
    if (this.current === item) this.#mounted?.setValue(response, value);
  }

  review() {
    this.#leaveItem();
    openReview(this, this.#place, { attempt: this.#me.attempt_id, onHandIn: this.#onHandIn });
  }

  /** Take up what staff changed. */
  async refresh(text) {
    await this.#recall();
    this.show(this.#index);
    this.#message(text, Date.now());
  }

  /** React to how things stand. */
  stand(standing) {
    this.#showHelp(standing.help_asked);
    for (const message of standing.messages) this.#message(message.text, message.sent_at_ms);
    if (this.#extended !== null && this.#extended !== standing.extended_seconds) {
      const minutes = Math.round((standing.extended_seconds - this.#extended) / 60);
      this.#message(minutes > 0 ? t("time_added", { n: minutes }) : t("time_taken", { n: minutes }), standing.now_ms);
    }
    this.#extended = standing.extended_seconds;
    const paused = standing.sitting_state === "paused" || standing.attempt_state === "suspended";
    this.#lock(paused);
    this.codeBar?.remove();
  }

  #lock(paused) {
    if (paused === Boolean(this.#overlay)) return;
    if (!paused) {
      this.#overlay.remove();
      this.#overlay = null;
      return;
    }
    this.#line.sendNow();
    this.#overlay = el("dialog", { class: "panel", oncancel: (event) => event.preventDefault() },
      icon("pause"), el("h2", {}, t("paused_title")), el("p", {}, t("paused")));
    document.body.append(this.#overlay);
    this.#overlay.showModal();
  }

  #message(text, at) {
    const note = el("div", { class: "notice info message", role: "alert" }, icon("message"),
      el("div", {}, el("small", {}, t("message_title", { time: timeOfDay(at) })), el("p", {}, text)),
      el("button", { class: "btn", onclick: () => note.remove() }, t("ok")));
    this.messages.append(note);
  }

  /** The cookie ended in the middle of writing: ask for the code beside the exam, not instead of it. */
  askForCode(onCode) {
    if (this.codeBar?.isConnected) return;
    const input = el("input", { class: "code num", "aria-label": t("code"), autocomplete: "off", maxlength: "40" });
    const said = el("span", { role: "alert" });
    const form = el("form", {
      class: "notice wait message",
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await onCode(input.value);
        } catch (problem) {
          said.textContent = problem.sentence ?? t("status_offline");
        }
      },
    }, el("p", {}, t("code_again")), input, el("button", { class: "btn main" }, t("sign_in")), said);
    this.codeBar = form;
    this.messages.prepend(form);
  }
}
