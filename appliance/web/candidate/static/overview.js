// The overview: every item, whether it is responded to, marked, or closed.

import { el } from "./elements.js";
import { t } from "./texts.js";

export class Overview {
  #screen;
  #buttons = new Map();

  constructor(screen) {
    this.#screen = screen;
    const groups = new Map();
    for (const item of screen.items) {
      if (!groups.has(item.part)) groups.set(item.part, []);
      groups.get(item.part).push(item);
    }
    const blocks = [...groups].map(([part, items], n) => [
      groups.size > 1 || part.title ? el("h2", {}, part.title || t("part", { n: n + 1 })) : null,
      el("ol", {}, items.map((item) => el("li", {}, this.#button(item)))),
    ]);
    this.element = el("nav", { class: "overview", "aria-label": t("items") },
      blocks.flat(),
      el("div", { class: "key", "aria-hidden": "true" },
        el("span", {}, el("i", { class: "done" }), t("responded")),
        el("span", {}, el("i", {}), t("not_yet")),
        el("span", {}, el("i", { class: "flag" }), t("marked"))),
      screen.hasInstructions
        ? el("button", { class: "btn quiet wide", onclick: () => screen.showInstructions() }, t("instructions"))
        : null,
      el("button", { class: "btn wide", onclick: () => screen.review() }, t("review")));
    this.update();
  }

  #button(item) {
    const button = el("button", { class: "num", onclick: () => this.#screen.show(item.number - 1) }, String(item.number));
    this.#buttons.set(item, button);
    return button;
  }

  /** Bring every mark up to date. */
  update() {
    for (const [item, button] of this.#buttons) {
      const done = this.#screen.isResponded(item);
      const flagged = this.#screen.isFlagged(item);
      const closed = this.#screen.isClosed(item);
      const here = this.#screen.current === item;
      button.className = ["num", done && "done", flagged && "flag", here && "here"].filter(Boolean).join(" ");
      button.disabled = closed && !here;
      button.toggleAttribute("aria-current", here);
      const words = [String(item.number), done ? t("responded") : t("not_yet"), flagged && t("marked"), closed && t("locked"), here && t("here")];
      button.setAttribute("aria-label", words.filter(Boolean).join(", "));
    }
  }
}
