// Small things the interactions share.  DOM is built with createElement only (Trusted Types).

export function create(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Puts values into a text with {names}.
export function filled(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// What a reader hears of an element: its text, pictures by their names.
export function nameOf(element) {
  if (!element) return "";
  const pictures = [...element.querySelectorAll("img")].map((picture) => picture.alt);
  return [element.textContent, ...pictures].join(" ").replace(/\s+/g, " ").trim();
}

export function asList(value) {
  if (value === null || value === undefined || value === "") return [];
  return Array.isArray(value) ? [...value] : [value];
}

// A list of values as the response of an interaction; no values are no response.
export function asValue(values, cardinality) {
  if (values.length === 0) return null;
  return cardinality === "single" ? values[0] : values;
}

export function press(button, isPressed) {
  button.setAttribute("aria-pressed", String(isPressed));
}

// Copies the content of one element into another, names of ids left behind.
export function copyContent(from, to) {
  to.replaceChildren(...[...from.childNodes].map((node) => node.cloneNode(true)));
}

// A line of a list with a button that takes it away.
export function removableLine(context, words, remove) {
  const button = create("button", { type: "button", className: "remove" }, context.text("remove"));
  button.setAttribute("aria-label", context.text("remove_what", { content: words }));
  button.disabled = context.readOnly;
  button.addEventListener("click", remove);
  return create("li", {}, create("span", {}, words), button);
}
