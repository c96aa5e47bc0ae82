// Safe Exam Browser shows its settings by headers of its own, or tells the page hashes of this
// page's address.  The page then shows those itself: on macOS and iPad, and where the box that
// leads now has another address.

const ASK_MS_MAX = 3000;
const LOOK_EVERY_MS = 100;

// As it was opened: the hashes are made of exactly this address.
const address = location.href.split("#")[0];
const opened = new URLSearchParams(location.search);
const shown = {};

/** Ask Safe Exam Browser, where the page was opened by it; it may need a moment to be there. */
export async function askLockedBrowser() {
  if (!opened.has("seb")) return;
  const until = performance.now() + ASK_MS_MAX;
  let asked = false;
  while (performance.now() < until && !take()) {
    const security = window.SafeExamBrowser?.security;
    if (security?.updateKeys && !asked) {
      asked = true;
      security.updateKeys(take);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function take() {
  const security = window.SafeExamBrowser?.security;
  if (!security?.configKey) return false;
  shown["X-Examroom-Page"] = address;
  shown["X-Examroom-ConfigKeyHash"] = security.configKey;
  if (security.browserExamKey) shown["X-Examroom-RequestHash"] = security.browserExamKey;
  return true;
}

/** Return the headers that show it; mostly none. */
export function shownHashes() {
  return shown;
}

/** Say whether the browser lets no file be saved: the kiosk's, which names its start, and Safe Exam Browser. */
export function savesNoFiles() {
  return opened.has("start") || opened.has("seb");
}
