// Putting options in order: arrows on each line, or dragging a line.

import { nameOf } from "./elements.js";

export function mountOrder(element, context) {
  const list = element.querySelector(".order-list");
  const state = element.querySelector(".order-state");
  const keep = element.querySelector(".keep");
  const original = [...list.children];
  const on = (target, name, listener) => target.addEventListener(
    name, listener, { signal: context.signal });
  let isTouched = false;
  let dragged = null;
  const lines = () => [...list.children];
  const get = () => (isTouched ? lines().map((line) => line.dataset.value) : null);
  const show = () => {
    state.textContent = context.text(isTouched ? "order_kept" : "order_untouched");
    element.classList.toggle("touched", isTouched);
    keep.hidden = isTouched || context.readOnly;
    lines().forEach((line, place) => {
      const [up, down] = line.querySelectorAll(".arrow");
      // aria-disabled and not disabled: a line at the end must not lose the keyboard's place
      up.setAttribute("aria-disabled", String(place === 0));
      down.setAttribute("aria-disabled", String(place === list.children.length - 1));
    });
  };
  const touched = () => {
    isTouched = true;
    show();
    context.changed(get());
  };
  on(list, "click", (event) => {
    const arrow = event.target.closest(".arrow");
    if (!arrow || arrow.getAttribute("aria-disabled") === "true") return;
    const line = arrow.closest("li");
    if (arrow.dataset.move === "-1") line.previousElementSibling.before(line);
    else line.nextElementSibling.after(line);
    arrow.focus();
    touched();
    context.say(context.text("moved_to", {
      content: nameOf(line.querySelector(".order-text")),
      number: lines().indexOf(line) + 1,
      count: list.children.length,
    }));
  });
  on(keep, "click", () => {
    touched();
    list.querySelector(".arrow").focus();
    context.say(context.text("order_kept"));
  });
  on(list, "dragstart", (event) => {
    dragged = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    dragged?.classList.add("dragged");
  });
  on(list, "dragover", (event) => {
    const over = event.target.closest("li");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(dragged);
    else over.after(dragged);
  });
  on(list, "drop", (event) => event.preventDefault());
  on(list, "dragend", () => {
    dragged?.classList.remove("dragged");
    if (dragged) touched();
    dragged = null;
  });
  show();
  return {
    get,
    set(value) {
      isTouched = Array.isArray(value);
      const rank = (line) => value.indexOf(line.dataset.value);
      const sorted = isTouched ? [...original].sort((a, b) => rank(a) - rank(b)) : original;
      list.replaceChildren(...sorted);
      show();
    },
  };
}
