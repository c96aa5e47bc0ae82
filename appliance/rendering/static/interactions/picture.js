// Working on a picture.  Coordinates are pixels of the picture as authored; the stage is scaled.

import { asList, asValue, create, press, removableLine } from "./elements.js";
import { mountPressed } from "./choosing.js";
import { mountGapMatch, mountPairs } from "./pairing.js";

const SMALL_PIXELS = 420; // a smaller picture is shown larger, so that fingers can hit its parts
const SMALL_SCALE = 1.8;
const STEP_PIXELS = 2;
const BIG_STEP_PIXELS = 20;
const SVG = "http://www.w3.org/2000/svg";

function stageOf(element) {
  const stage = element.querySelector(".stage");
  const width = Number(stage.dataset.width);
  const height = Number(stage.dataset.height);
  const shown = width < SMALL_PIXELS ? width * SMALL_SCALE : width;
  stage.style.maxWidth = `${shown}px`;
  stage.style.aspectRatio = `${width} / ${height}`;
  return { stage, width, height };
}

// Lays a button over its outline, in percent of the picture.
function layOver(button, { width, height }) {
  const coords = button.dataset.coords.split(",").map(Number);
  const box = boundsOf(button.dataset.shape, coords, width, height);
  button.style.left = `${((box.left + box.right) / 2 / width) * 100}%`;
  button.style.top = `${((box.top + box.bottom) / 2 / height) * 100}%`;
  button.style.width = `${((box.right - box.left) / width) * 100}%`;
  button.style.height = `${((box.bottom - box.top) / height) * 100}%`;
  button.classList.add(`shape-${button.dataset.shape}`);
  if (button.dataset.shape === "poly") {
    const corners = [];
    for (let at = 0; at + 1 < coords.length; at += 2) {
      const x = ((coords[at] - box.left) / (box.right - box.left)) * 100;
      const y = ((coords[at + 1] - box.top) / (box.bottom - box.top)) * 100;
      corners.push(`${x}% ${y}%`);
    }
    button.style.clipPath = `polygon(${corners.join(", ")})`;
  }
  return box;
}

function boundsOf(shape, coords, width, height) {
  if (shape === "circle") {
    const [x, y, r] = coords;
    return { left: x - r, right: x + r, top: y - r, bottom: y + r };
  }
  if (shape === "ellipse") {
    const [x, y, rx, ry] = coords;
    return { left: x - rx, right: x + rx, top: y - ry, bottom: y + ry };
  }
  if (shape === "rect") {
    const [left, top, right, bottom] = coords;
    return { left, right, top, bottom };
  }
  if (shape === "poly") {
    const xs = coords.filter((_, place) => place % 2 === 0);
    const ys = coords.filter((_, place) => place % 2 === 1);
    return {
      left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys),
    };
  }
  return { left: 0, right: width, top: 0, bottom: height };
}

function regionsOf(element, size) {
  const buttons = [...element.querySelectorAll(".region")];
  buttons.forEach((button) => layOver(button, size));
  return buttons;
}

export function mountHotspot(element, context) {
  return mountPressed(element, context, regionsOf(element, stageOf(element)));
}

export function mountGraphicGapMatch(element, context) {
  regionsOf(element, stageOf(element));
  return mountGapMatch(element, context);
}

export function mountGraphicOrder(element, context) {
  const buttons = regionsOf(element, stageOf(element));
  const most = Number(element.dataset.max);
  const clear = element.querySelector(".clear");
  const labels = new Map(buttons.map((button) => [button, button.getAttribute("aria-label")]));
  let order = [];
  const get = () => asValue(order, "ordered");
  const show = () => {
    for (const button of buttons) {
      const place = order.indexOf(button.dataset.value);
      const label = labels.get(button);
      press(button, place >= 0);
      button.textContent = place >= 0 ? String(place + 1) : "";
      button.setAttribute("aria-label", place >= 0
        ? context.text("graphic_order_place", { label, number: place + 1 }) : label);
    }
    clear.hidden = context.readOnly || order.length === 0;
  };
  const changed = (next) => {
    order = next;
    show();
    context.changed(get());
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { value } = button.dataset;
      if (order.includes(value)) changed(order.filter((one) => one !== value));
      else if (most > 0 && order.length >= most) {
        context.say(context.text("at_most_reached", { max: most }));
      } else changed([...order, value]);
    }, { signal: context.signal });
  }
  clear.addEventListener("click", () => {
    changed([]);
    buttons[0].focus();
  }, { signal: context.signal });
  return {
    get,
    set(value) {
      order = asList(value);
      show();
    },
  };
}

export function mountGraphicAssociate(element, context) {
  const size = stageOf(element);
  const buttons = [...element.querySelectorAll(".region")];
  const centres = new Map(buttons.map((button) => {
    const box = layOver(button, size);
    return [button.dataset.value, [(box.left + box.right) / 2, (box.top + box.bottom) / 2]];
  }));
  const lines = document.createElementNS(SVG, "svg");
  lines.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  lines.setAttribute("aria-hidden", "true");
  lines.setAttribute("class", "lines");
  size.stage.append(lines);
  const drawn = (pairs) => lines.replaceChildren(...pairs.map((pair) => {
    const [from, to] = pair.split(" ").map((name) => centres.get(name));
    const line = document.createElementNS(SVG, "line");
    const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
    for (const [name, value] of Object.entries(ends)) line.setAttribute(name, value);
    return line;
  }));
  const mounted = mountPairs(element, context, buttons, { drawn });
  return { ...mounted, destroy: () => lines.remove() };
}

export function mountSelectPoint(element, context) {
  const { cardinality } = element.dataset;
  const { stage, width, height } = stageOf(element);
  const most = Number(element.dataset.max);
  const area = element.querySelector(".point-area");
  const marker = element.querySelector(".marker");
  const list = element.querySelector(".made-list");
  const none = element.querySelector(".made-none");
  const cross = create("span", { className: "cross", hidden: true });
  area.append(cross);
  const on = (target, name, listener) => target.addEventListener(
    name, listener, { signal: context.signal });
  let points = [];
  let at = { x: Math.round(width / 2), y: Math.round(height / 2) };
  let marks = [];

  const lay = (mark, x, y) => {
    mark.style.left = `${(x / width) * 100}%`;
    mark.style.top = `${(y / height) * 100}%`;
  };
  const markAt = (value, place) => {
    const [x, y] = value.split(" ").map(Number);
    let mark = create("span", { className: "point" }, points.length > 1 ? String(place + 1) : "");
    if (marker) {
      mark = marker.cloneNode(true);
      mark.hidden = false;
      mark.style.width = `${(Number(marker.getAttribute("width")) / width) * 100}%`;
    }
    lay(mark, x, y);
    return mark;
  };
  const words = (value, place) => {
    const [x, y] = value.split(" ");
    return context.text("point_at", { number: place + 1, x, y });
  };
  const show = () => {
    marks.forEach((mark) => mark.remove());
    marks = points.map(markAt);
    stage.append(...marks);
    none.hidden = points.length > 0;
    list.replaceChildren(...points.map((value, place) => removableLine(
      context, words(value, place), () => {
        changed(points.filter((_, other) => other !== place));
        area.focus();
      })));
  };
  function changed(next) {
    points = next;
    show();
    context.changed(asValue(points, cardinality));
  }
  const set = (x, y) => {
    if (context.readOnly) return;
    const value = `${Math.round(x)} ${Math.round(y)}`;
    if (most === 1 || cardinality === "single") changed([value]);
    else if (most > 0 && points.length >= most) {
      context.say(context.text("at_most_reached", { max: most }));
      return;
    } else changed([...points, value]);
    context.say(words(value, points.length - 1));
  };
  const moveCross = (x, y) => {
    at = { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) };
    cross.hidden = false;
    lay(cross, at.x, at.y);
    context.say(context.text("point_position", at));
  };
  on(area, "click", (event) => {
    const box = stage.getBoundingClientRect();
    if (event.detail === 0 || box.width === 0) return; // a key, handled below
    cross.hidden = true;
    set(((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height);
  });
  on(area, "focus", () => { if (area.matches(":focus-visible")) moveCross(at.x, at.y); });
  on(area, "blur", () => { cross.hidden = true; });
  on(area, "keydown", (event) => {
    const step = event.shiftKey ? BIG_STEP_PIXELS : STEP_PIXELS;
    const moves = {
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
    };
    if (event.key === "Enter" || event.key === " ") set(at.x, at.y);
    else if (moves[event.key]) moveCross(at.x + moves[event.key][0], at.y + moves[event.key][1]);
    else return;
    event.preventDefault();
  });
  return {
    get: () => asValue(points, cardinality),
    set(value) {
      points = asList(value);
      show();
    },
    destroy() {
      marks.forEach((mark) => mark.remove());
      cross.remove();
    },
  };
}
