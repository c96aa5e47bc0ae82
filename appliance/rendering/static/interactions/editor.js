// A small editor for rich texts.  Its value is HTML made of the tags below and nothing else
// (rendering/response_html.py says the same on the server's side).

import { create, press } from "./elements.js";

const TAGS = {
  B: "b", STRONG: "b", I: "i", EM: "i", U: "u", SUP: "sup", SUB: "sub",
  UL: "ul", OL: "ol", LI: "li", P: "p", DIV: "p", BR: "br",
};
const STATES = [
  "bold", "italic", "underline", "insertUnorderedList", "insertOrderedList", "superscript",
  "subscript",
];
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", "#39": "'" };
const SHORTCUTS = { b: "bold", i: "italic", u: "underline" };

export function countWords(text) {
  return (text.match(/\S+/g) || []).length;
}

export function mountEditor(element, context, showCount) {
  const rich = element.querySelector(".rich");
  const buttons = [...element.querySelectorAll("[data-command]")];
  const characters = element.querySelector(".characters");
  rich.style.minHeight = `${Number(rich.dataset.lines) * 1.65 + 2}em`;
  const get = () => (rich.textContent.trim() === "" ? null : serialise(rich));
  const text = () => rich.innerText;
  const changed = () => {
    showCount(text());
    context.changed(get());
  };
  const showStates = () => {
    if (!rich.contains(document.getSelection()?.anchorNode ?? null)) return;
    for (const button of buttons) {
      if (STATES.includes(button.dataset.command)) {
        press(button, document.queryCommandState(button.dataset.command));
      }
    }
  };
  const run = (command, value) => {
    rich.focus();
    document.execCommand("styleWithCSS", false, false);
    document.execCommand("defaultParagraphSeparator", false, "p");
    document.execCommand(command, false, value);
    showStates();
  };
  const toolbar = element.querySelector(".tools");
  on(toolbar, "mousedown", (event) => event.preventDefault()); // the text keeps its selection
  on(characters, "mousedown", (event) => event.preventDefault());
  on(toolbar, "click", (event) => {
    const button = event.target.closest("[data-command]");
    if (!button) return;
    if (button.dataset.command !== "characters") {
      run(button.dataset.command);
      return;
    }
    characters.hidden = !characters.hidden;
    button.setAttribute("aria-expanded", String(!characters.hidden));
  });
  on(characters, "click", (event) => {
    const button = event.target.closest("[data-character]");
    if (button) run("insertText", button.dataset.character);
  });
  walkWithArrows(toolbar, context);
  walkWithArrows(characters, context);
  on(rich, "focus", () => document.execCommand("defaultParagraphSeparator", false, "p"));
  on(rich, "input", changed);
  on(rich, "keydown", (event) => {
    const command = (event.ctrlKey || event.metaKey) && SHORTCUTS[event.key.toLowerCase()];
    if (!command || event.altKey) return;
    event.preventDefault();
    run(command);
  });
  on(rich, "paste", (event) => {
    event.preventDefault();
    run("insertText", event.clipboardData.getData("text/plain"));
  });
  on(rich, "drop", (event) => event.preventDefault());
  on(document, "selectionchange", showStates);
  return { get, text, set: (value) => rich.replaceChildren(...parse(value ?? "")) };

  function on(target, name, listener) {
    target.addEventListener(name, listener, { signal: context.signal });
  }
}

// One stop of the Tab key for a toolbar, arrows within it (ARIA toolbar pattern).
function walkWithArrows(bar, context) {
  const buttons = [...bar.querySelectorAll("button")];
  buttons.forEach((button, place) => { button.tabIndex = place === 0 ? 0 : -1; });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const here = buttons.indexOf(document.activeElement);
    if (!step || here < 0) return;
    event.preventDefault();
    const next = buttons[(here + step + buttons.length) % buttons.length];
    buttons.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
  }, { signal: context.signal });
}

function escapeText(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
    .replace(/\u00a0/g, "&nbsp;");
}

function serialise(node) {
  let written = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) written += escapeText(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const tag = TAGS[child.tagName];
      if (tag === "br") written += "<br>";
      else written += tag ? `<${tag}>${serialise(child)}</${tag}>` : serialise(child);
    }
  }
  return written;
}

// Reads what `serialise` and the server's sanitiser write, without handing a string to the DOM.
function parse(html) {
  const top = create("div");
  const open = [top];
  for (const [, slash, tag, text] of html.matchAll(/<(\/?)([a-z]+)[^>]*>|([^<]+)/gi)) {
    const here = open[open.length - 1];
    if (text !== undefined) here.append(unescapeText(text));
    else if (TAGS[tag.toUpperCase()]) {
      const name = TAGS[tag.toUpperCase()];
      if (name === "br") here.append(create("br"));
      else if (!slash) {
        const element = create(name);
        here.append(element);
        open.push(element);
      } else if (here.tagName === name.toUpperCase()) open.pop();
    }
  }
  return [...top.childNodes];
}

function unescapeText(text) {
  return text.replace(/&(#39|[a-z]+);/g, (whole, name) => ENTITIES[name] ?? whole);
}
