// Keeps the standby's page fresh.  The decision to take over stays where it is.

const EVERY_MS = 1500;
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("examroom", { createHTML: (html) => html })
  : { createHTML: (html) => html };

async function look() {
  if (document.hidden) return;
  const options = { cache: "no-store", signal: AbortSignal.timeout(8000) };
  const response = await fetch("/standby/live", options).catch(() => null);
  if (response?.redirected) location.assign("/sign-in");
  if (!response?.ok) return;
  const parsed = new DOMParser().parseFromString(policy.createHTML(await response.text()), "text/html");
  const now = document.querySelector('[data-live="now"]');
  if (now.innerHTML !== parsed.body.innerHTML) now.replaceChildren(...parsed.body.childNodes);
}

setInterval(look, EVERY_MS);
