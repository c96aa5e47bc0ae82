// Brings the HTML of one item (`render_item`) to life: reads, restores and reports its responses.
//
//   const item = mountItem(root, { onChange, readOnly, texts });
//   item.getValues()                 {RESPONSE: value, ...}, null where there is no response
//   item.getValue("RESPONSE")
//   item.setValue("RESPONSE", value) restores any value; it does not call onChange
//   item.destroy()
//
// onChange(responseId, value, file) is called at every change, each keystroke of text included;
// `file` is the File of an upload, else undefined.  Values are described in domain/exams.py.

import { mountChoice, mountHottext, mountInlineChoice } from "./interactions/choosing.js";
import { mountAssociate, mountGapMatch, mountMatch } from "./interactions/pairing.js";
import { mountOrder } from "./interactions/ordering.js";
import {
  mountGraphicAssociate, mountGraphicGapMatch, mountGraphicOrder, mountHotspot, mountSelectPoint,
} from "./interactions/picture.js";
import { mountExtendedText, mountSlider, mountTextEntry } from "./interactions/writing.js";
import { mountMedia, mountUpload } from "./interactions/files.js";
import { create, filled } from "./interactions/elements.js";

const KINDS = {
  choice: mountChoice,
  inline_choice: mountInlineChoice,
  hottext: mountHottext,
  text_entry: mountTextEntry,
  extended_text: mountExtendedText,
  slider: mountSlider,
  upload: mountUpload,
  media: mountMedia,
  match: mountMatch,
  gap_match: mountGapMatch,
  order: mountOrder,
  associate: mountAssociate,
  hotspot: mountHotspot,
  select_point: mountSelectPoint,
  graphic_order: mountGraphicOrder,
  graphic_associate: mountGraphicAssociate,
  graphic_gap_match: mountGraphicGapMatch,
};

export function mountItem(root, { onChange, readOnly = false, texts }) {
  const stop = new AbortController();
  const status = create("p", { className: "visually-hidden", role: "status" });
  root.append(status);
  const mounted = new Map();
  for (const element of root.querySelectorAll("[data-kind][data-response]")) {
    const responseId = element.dataset.response;
    mounted.set(responseId, KINDS[element.dataset.kind](element, {
      signal: stop.signal,
      readOnly,
      text: (key, values) => filled(texts[key], values),
      say: (message) => { status.textContent = message; },
      changed: (value, file) => onChange(responseId, value, file),
    }));
  }
  if (readOnly) lock(root);
  return {
    getValues: () => Object.fromEntries([...mounted].map(([name, one]) => [name, one.get()])),
    getValue: (responseId) => mounted.get(responseId).get(),
    setValue(responseId, value) {
      mounted.get(responseId).set(value);
      if (readOnly) lock(root);
    },
    destroy() {
      stop.abort();
      for (const one of mounted.values()) one.destroy?.();
      status.remove();
    },
  };
}

function lock(root) {
  for (const control of root.querySelectorAll(".interaction :is(button, input, select)")) {
    control.disabled = true;
  }
  for (const area of root.querySelectorAll(".interaction textarea")) area.readOnly = true;
  for (const rich of root.querySelectorAll(".interaction .rich")) rich.contentEditable = "false";
  for (const dragged of root.querySelectorAll(".interaction [draggable=true]")) {
    dragged.draggable = false;
  }
}
