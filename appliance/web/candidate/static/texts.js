// The page's texts in the reader's language, as the box put them into the page.

const texts = JSON.parse(document.getElementById("texts").textContent);

export const itemTexts = JSON.parse(document.getElementById("item-texts").textContent);

/** Return a text with its {names} filled in. */
export function t(name, values = {}) {
  if (!(name in texts)) throw new Error(`no such text: ${name}`);
  return texts[name].replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}

const language = document.documentElement.lang;

/** Return a time of day as the reader's language writes it. */
export function timeOfDay(ms, { seconds = false } = {}) {
  return new Date(ms).toLocaleTimeString(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: seconds ? "2-digit" : undefined,
    hour12: false,
  });
}

/** Return a length of time: h:mm, and in the last five minutes m:ss. */
export function timeLeft(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  if (seconds < 300) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  const minutes = Math.ceil(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}`;
}
