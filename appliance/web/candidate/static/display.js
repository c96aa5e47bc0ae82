// How the page looks to this candidate: text size, colours, spacing.  Kept for this browser.

import { el } from "./elements.js";
import { t } from "./texts.js";

const NAME = "display";
const SIZES = [100, 125, 150, 200];

function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

let display = { size: 100, theme: "light", spacing: "normal", ...read() };

/** Put the chosen display on the page. */
export function applyDisplay() {
  const root = document.documentElement;
  root.style.fontSize = `${display.size}%`;
  root.dataset.theme = display.theme;
  root.dataset.spacing = display.spacing;
}

/** Start from what the candidate's accommodations grant, unless something was chosen here. */
export function displayFromAccommodations(accommodations) {
  const names = new Set(accommodations.map((one) => one.name));
  const wanted = {};
  if (names.has("magnification")) wanted.size = 150;
  if (names.has("text-appearance")) wanted.spacing = "wide";
  if (names.has("invert-display-polarity")) wanted.theme = "dark";
  if (names.has("high-contrast")) wanted.theme = "contrast";
  display = { ...display, ...wanted, ...read() };
  applyDisplay();
}

function choose(change) {
  display = { ...display, ...change };
  localStorage.setItem(NAME, JSON.stringify(display));
  applyDisplay();
}

function choices(legend, name, options) {
  return el(
    "fieldset",
    { class: "choices" },
    el("legend", {}, legend),
    options.map(([value, label]) =>
      el(
        "label",
        {},
        el("input", {
          type: "radio",
          name,
          checked: String(display[name]) === String(value),
          onchange: () => choose({ [name]: value }),
        }),
        label,
      ),
    ),
  );
}

/** Open the panel. */
export function openDisplay() {
  const dialog = el(
    "dialog",
    { class: "panel", "aria-label": t("display"), onclose: () => dialog.remove() },
    el("h2", {}, t("display")),
    choices(t("text_size"), "size", SIZES.map((size) => [size, `${size} %`])),
    choices(t("colours"), "theme", [
      ["light", t("light")],
      ["dark", t("dark")],
      ["contrast", t("contrast")],
    ]),
    choices(t("line_spacing"), "spacing", [
      ["normal", t("spacing_normal")],
      ["wide", t("spacing_wide")],
    ]),
    el("div", { class: "row end" }, el("button", { class: "btn main", onclick: () => dialog.close() }, t("close"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}
