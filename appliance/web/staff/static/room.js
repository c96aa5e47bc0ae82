// Keeps the room view fresh: fetches the parts that change and puts in only what is different.

const EVERY_MS = 2000;
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("examroom", { createHTML: (html) => html })
  : { createHTML: (html) => html };

/** Put the new children in place of the old ones, leaving equal ones alone so that focus stays. */
function renew(old, fresh) {
  const byKey = new Map([...old.children].filter((one) => one.dataset.key).map((one) => [one.dataset.key, one]));
  if (byKey.size === 0) {
    if (old.innerHTML !== fresh.innerHTML) old.replaceChildren(...fresh.childNodes);
    return;
  }
  let before = null;
  for (const child of [...fresh.children]) {
    const known = byKey.get(child.dataset.key);
    let here = child;
    if (known) {
      byKey.delete(child.dataset.key);
      if (known.innerHTML !== child.innerHTML) renewInside(known, child);
      here = known;
    }
    const place = before ? before.nextElementSibling : old.firstElementChild;
    if (place !== here) old.insertBefore(here, place);
    before = here;
  }
  for (const gone of byKey.values()) gone.remove();
}

function renewInside(old, fresh) {
  const link = old.firstElementChild;
  const next = fresh.firstElementChild;
  link.className = next.className;
  link.replaceChildren(...next.childNodes);
}

let shownAction = null;

async function look() {
  if (document.hidden) return;
  let response;
  try {
    response = await fetch(`/room/live${location.search}`, { cache: "no-store", signal: AbortSignal.timeout(8000) });
  } catch {
    document.body.classList.add("stale");
    return;
  }
  if (response.redirected || response.status === 401) {
    location.assign("/sign-in");
    return;
  }
  if (!response.ok) {
    document.body.classList.add("stale");
    return;
  }
  document.body.classList.remove("stale");
  const parsed = new DOMParser().parseFromString(policy.createHTML(await response.text()), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = parsed.querySelector(`[data-live="${part.dataset.live}"]`);
    if (fresh) renew(part, fresh);
  }
  const action = parsed.querySelector('[data-live="action"]').textContent;
  const busy = document.querySelector("details.ask[open]") || document.activeElement?.matches("input, textarea, select");
  if (shownAction !== null && action !== shownAction && !busy) location.reload();
  else if (shownAction === null || !busy) shownAction = action;
}

setInterval(look, EVERY_MS);
look();

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A sheet closes when one touches beside it or presses Escape.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.ask[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const open of document.querySelectorAll("details.ask[open]")) open.open = false;
});
