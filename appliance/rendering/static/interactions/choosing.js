// Choices, lists in a sentence, and words in a text.

import { asList, asValue, press } from "./elements.js";

export function mountChoice(element, context) {
  const { cardinality } = element.dataset;
  const inputs = [...element.querySelectorAll("input")];
  const clear = element.querySelector(".clear");
  const most = Number(element.dataset.max);
  const get = () => asValue(
    inputs.filter((input) => input.checked).map((input) => input.value), cardinality);
  const show = () => {
    for (const input of inputs) {
      input.closest(".option").classList.toggle("chosen", input.checked);
    }
    clear.hidden = context.readOnly || cardinality !== "single" || get() === null;
  };
  element.addEventListener("change", (event) => {
    const chosen = inputs.filter((input) => input.checked);
    if (cardinality !== "single" && most > 0 && chosen.length > most) {
      event.target.checked = false;
      context.say(context.text("at_most_reached", { max: most }));
      show();
      return;
    }
    show();
    context.changed(get());
  }, { signal: context.signal });
  clear.addEventListener("click", () => {
    const chosen = inputs.find((input) => input.checked);
    chosen.checked = false;
    chosen.focus();
    show();
    context.say(context.text("cleared"));
    context.changed(null);
  }, { signal: context.signal });
  return {
    get,
    set(value) {
      const values = asList(value);
      for (const input of inputs) input.checked = values.includes(input.value);
      show();
    },
  };
}

export function mountInlineChoice(element, context) {
  const list = element.querySelector("select");
  const get = () => list.value || null;
  list.addEventListener("change", () => context.changed(get()), { signal: context.signal });
  return { get, set: (value) => { list.value = value ?? ""; } };
}

// Buttons that stay pressed; shared by words in a text and regions of a picture.
export function mountPressed(element, context, buttons) {
  const { cardinality } = element.dataset;
  const most = Number(element.dataset.max);
  let chosen = [];
  const show = () => buttons.forEach((button) => press(button, chosen.includes(button.dataset.value)));
  const get = () => asValue(
    buttons.map((button) => button.dataset.value).filter((value) => chosen.includes(value)),
    cardinality);
  const choose = (value) => {
    if (chosen.includes(value)) chosen = chosen.filter((one) => one !== value);
    else if (most === 1 || cardinality === "single") chosen = [value];
    else if (most > 0 && chosen.length >= most) {
      context.say(context.text("at_most_reached", { max: most }));
      return;
    } else chosen = [...chosen, value];
    show();
    context.changed(get());
  };
  for (const button of buttons) {
    button.addEventListener("click", () => choose(button.dataset.value), { signal: context.signal });
  }
  return {
    get,
    set(value) {
      chosen = asList(value);
      show();
    },
  };
}

export function mountHottext(element, context) {
  return mountPressed(element, context, [...element.querySelectorAll(".hot")]);
}
