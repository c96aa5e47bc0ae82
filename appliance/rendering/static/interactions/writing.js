// Text fields, texts and sliders.

import { countWords, mountEditor } from "./editor.js";

export function mountTextEntry(element, context) {
  const field = element.querySelector("input");
  const get = () => (field.value.trim() === "" ? null : field.value);
  field.addEventListener("input", () => context.changed(get()), { signal: context.signal });
  return { get, set: (value) => { field.value = value ?? ""; } };
}

export function mountExtendedText(element, context) {
  const most = Number(element.dataset.wordsMax) || 0;
  const words = element.querySelector(".words");
  const showCount = (text) => {
    const count = countWords(text);
    const key = `words_${count === 1 ? "one" : "many"}${most ? "_of" : ""}`;
    words.textContent = context.text(key, { count, max: most });
    words.classList.toggle("over", most > 0 && count > most);
  };
  const inner = element.dataset.format === "rich"
    ? mountEditor(element, context, showCount)
    : mountTextArea(element, context, showCount);
  showCount(inner.text());
  return {
    get: inner.get,
    set(value) {
      inner.set(value);
      showCount(inner.text());
    },
  };
}

function mountTextArea(element, context, showCount) {
  const area = element.querySelector("textarea");
  const get = () => (area.value.trim() === "" ? null : area.value);
  area.addEventListener("input", () => {
    showCount(area.value);
    context.changed(get());
  }, { signal: context.signal });
  return { get, text: () => area.value, set: (value) => { area.value = value ?? ""; } };
}

// A range always has a position; only one the candidate set or confirmed is a value.
export function mountSlider(element, context) {
  const range = element.querySelector("input");
  const shown = element.querySelector(".value");
  const clear = element.querySelector(".clear");
  const middle = range.value;
  let isTouched = false;
  const get = () => (isTouched ? range.value : null);
  const show = () => {
    const words = isTouched
      ? context.text("slider_value", { value: range.value })
      : context.text("slider_untouched");
    shown.textContent = words;
    range.setAttribute("aria-valuetext", isTouched ? range.value : words);
    range.classList.toggle("untouched", !isTouched);
    clear.hidden = context.readOnly || !isTouched;
  };
  const touch = () => {
    isTouched = true;
    show();
    context.changed(get());
  };
  range.addEventListener("input", touch, { signal: context.signal });
  range.addEventListener("click", () => { if (!isTouched) touch(); }, { signal: context.signal });
  range.addEventListener("keydown", (event) => {
    if (!isTouched && (event.key === "Enter" || event.key === " ")) touch();
  }, { signal: context.signal });
  const set = (value) => {
    isTouched = value !== null && value !== undefined;
    range.value = isTouched ? value : middle;
    show();
  };
  clear.addEventListener("click", () => {
    set(null);
    range.focus();
    context.changed(null);
  }, { signal: context.signal });
  show();
  return { get, set };
}
