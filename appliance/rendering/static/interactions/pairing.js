// Bringing things together: match, gap match, associate.  Pairs are strings "A B".

import {
  asList, asValue, copyContent, nameOf, press, removableLine,
} from "./elements.js";

export function mountMatch(element, context) {
  return element.querySelector(".match-table")
    ? mountMatchTable(element, context)
    : mountMatchLists(element, context);
}

function mountMatchTable(element, context) {
  const { cardinality } = element.dataset;
  const boxes = [...element.querySelectorAll("input")];
  const pair = (box) => `${box.dataset.row} ${box.dataset.column}`;
  const get = () => asValue(boxes.filter((box) => box.checked).map(pair), cardinality);
  const most = Number(element.dataset.max);
  const makeRoom = (box, others, limit) => {
    const taken = others.filter((other) => other !== box && other.checked);
    if (limit === 0 || taken.length < limit) return true;
    if (limit > 1) return false;
    taken.forEach((other) => { other.checked = false; });
    return true;
  };
  element.addEventListener("change", (event) => {
    const box = event.target;
    if (box.checked) {
      const { row, column, rowMax, columnMax } = box.dataset;
      const sameRow = boxes.filter((other) => other.dataset.row === row);
      const sameColumn = boxes.filter((other) => other.dataset.column === column);
      const limits = [[sameRow, Number(rowMax)], [sameColumn, Number(columnMax)], [boxes, most]];
      const full = limits.find(([others, limit]) => !makeRoom(box, others, limit));
      if (full) {
        box.checked = false;
        context.say(context.text("at_most_reached", { max: full[1] }));
        return;
      }
    }
    context.changed(get());
  }, { signal: context.signal });
  return {
    get,
    set(value) {
      const pairs = asList(value);
      for (const box of boxes) box.checked = pairs.includes(pair(box));
    },
  };
}

function mountMatchLists(element, context) {
  const { cardinality } = element.dataset;
  const lists = [...element.querySelectorAll("select")];
  const get = () => asValue(
    lists.filter((list) => list.value).map((list) => `${list.dataset.row} ${list.value}`),
    cardinality);
  element.addEventListener("change", (event) => {
    const list = event.target;
    const limit = Number(list.selectedOptions[0].dataset.matchMax ?? 0);
    const same = lists.filter((other) => other !== list && other.value === list.value);
    if (list.value && limit > 0 && same.length >= limit) {
      same[0].value = "";
      context.say(context.text("moved_here", { content: list.selectedOptions[0].text }));
    }
    context.changed(get());
  }, { signal: context.signal });
  return {
    get,
    set(value) {
      const columns = new Map(asList(value).map((pair) => pair.split(" ")));
      for (const list of lists) list.value = columns.get(list.dataset.row) ?? "";
    },
  };
}

// Chips that go into places: gaps of a text or regions of a picture.  A place holds one chip.
export function mountGapMatch(element, context) {
  const { cardinality } = element.dataset;
  const chips = [...element.querySelectorAll(".chip")];
  const places = [...element.querySelectorAll(".gap")];
  const chipOf = (value) => chips.find((chip) => chip.dataset.value === value);
  const on = (target, name, listener) => target.addEventListener(
    name, listener, { signal: context.signal });
  let placed = new Map(); // place -> chip
  let inHand = null;
  const get = () => asValue(
    places.map((place) => place.dataset.place).filter((place) => placed.has(place))
      .map((place) => `${placed.get(place)} ${place}`),
    cardinality);
  const used = (chip) => [...placed.values()].filter((value) => value === chip.dataset.value).length;
  const isFull = (chip) => Number(chip.dataset.matchMax) > 0 && used(chip) >= Number(chip.dataset.matchMax);

  function show() {
    for (const chip of chips) {
      press(chip, chip.dataset.value === inHand);
      chip.classList.toggle("used", isFull(chip));
    }
    for (const place of places) {
      const chip = chipOf(placed.get(place.dataset.place));
      const { number } = place.dataset;
      const content = place.querySelector(".gap-content");
      place.classList.toggle("filled", Boolean(chip));
      place.classList.toggle("waiting", inHand !== null);
      if (chip) copyContent(chip, content);
      else content.textContent = number;
      place.setAttribute("aria-label", chip
        ? context.text("gap_filled", { number, content: nameOf(chip) })
        : context.text("gap_empty", { number }));
    }
  }

  function put(value, place) {
    const chip = chipOf(value);
    if (isFull(chip)) {
      const before = [...placed].find(([, other]) => other === value);
      placed.delete(before[0]);
    }
    placed.set(place, value);
    inHand = null;
    show();
    context.say(context.text("part_placed", { content: nameOf(chip) }));
    context.changed(get());
  }

  function takeBack(place) {
    const chip = chipOf(placed.get(place));
    placed.delete(place);
    show();
    context.say(context.text("part_removed", { content: nameOf(chip) }));
    context.changed(get());
  }

  for (const chip of chips) {
    on(chip, "click", () => {
      inHand = inHand === chip.dataset.value ? null : chip.dataset.value;
      show();
      if (inHand) context.say(context.text("part_chosen", { content: nameOf(chip) }));
    });
    on(chip, "dragstart", (event) => {
      inHand = chip.dataset.value;
      event.dataTransfer.setData("text/plain", "");
      show();
    });
    on(chip, "dragend", () => {
      inHand = null;
      show();
    });
  }
  for (const place of places) {
    on(place, "click", () => {
      if (inHand) put(inHand, place.dataset.place);
      else if (placed.has(place.dataset.place)) takeBack(place.dataset.place);
    });
    on(place, "dragover", (event) => { if (inHand) event.preventDefault(); });
    on(place, "drop", (event) => {
      event.preventDefault();
      if (inHand) put(inHand, place.dataset.place);
    });
  }
  on(element, "keydown", (event) => {
    if (event.key !== "Escape" || inHand === null) return;
    inHand = null;
    show();
  });
  show();
  return {
    get,
    set(value) {
      placed = new Map(asList(value).map((pair) => pair.split(" ").reverse()));
      inHand = null;
      show();
    },
  };
}

// Two of a set at a time; shared by chips (associate) and regions (graphic associate).
export function mountPairs(element, context, buttons, { drawn = () => {} } = {}) {
  const { cardinality } = element.dataset;
  const most = Number(element.dataset.max);
  const list = element.querySelector(".made-list");
  const none = element.querySelector(".made-none");
  const labelOf = (value) => {
    const button = buttons.find((one) => one.dataset.value === value);
    return button?.getAttribute("aria-label") ?? nameOf(button);
  };
  const words = (pair) => {
    const [first, second] = pair.split(" ").map(labelOf);
    return context.text("pair", { first, second });
  };
  let pairs = [];
  let inHand = null;

  function show() {
    for (const button of buttons) press(button, button.dataset.value === inHand);
    none.hidden = pairs.length > 0;
    list.replaceChildren(...pairs.map((pair) => removableLine(context, words(pair), () => {
      pairs = pairs.filter((other) => other !== pair);
      show();
      buttons[0].focus();
      context.say(context.text("part_removed", { content: words(pair) }));
      context.changed(asValue(pairs, cardinality));
    })));
    drawn(pairs);
  }

  function choose(value) {
    if (inHand === null || inHand === value) {
      inHand = inHand === value ? null : value;
      show();
      if (inHand) context.say(context.text("part_chosen", { content: labelOf(value) }));
      return;
    }
    const pair = `${inHand} ${value}`;
    const isThere = pairs.includes(pair) || pairs.includes(`${value} ${inHand}`);
    inHand = null;
    if (!isThere && most > 0 && pairs.length >= most) {
      if (most > 1) {
        show();
        context.say(context.text("at_most_reached", { max: most }));
        return;
      }
      pairs = [];
    }
    if (!isThere) pairs = [...pairs, pair];
    show();
    const [first, second] = pair.split(" ").map(labelOf);
    context.say(context.text("pair_made", { first, second }));
    context.changed(asValue(pairs, cardinality));
  }

  for (const button of buttons) {
    button.addEventListener("click", () => choose(button.dataset.value), { signal: context.signal });
  }
  show();
  return {
    get: () => asValue(pairs, cardinality),
    set(value) {
      pairs = asList(value);
      inHand = null;
      show();
    },
  };
}

export function mountAssociate(element, context) {
  const chips = [...element.querySelectorAll(".chip")];
  const mounted = mountPairs(element, context, chips);
  for (const chip of chips) {
    chip.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData("text/plain", "");
      if (chip.getAttribute("aria-pressed") !== "true") chip.click();
    }, { signal: context.signal });
    chip.addEventListener("dragover", (event) => event.preventDefault(), { signal: context.signal });
    chip.addEventListener("drop", (event) => {
      event.preventDefault();
      if (chip.getAttribute("aria-pressed") !== "true") chip.click();
    }, { signal: context.signal });
  }
  return mounted;
}
