// Making elements, without ever turning text into HTML except through one named policy.

const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("examroom", { createHTML: (html) => html, createScriptURL: ownScript })
  : { createHTML: (html) => html, createScriptURL: ownScript };

const SERVICE_WORKER = "/service_worker.js";

/** Let exactly one script address through. */
function ownScript(address) {
  if (address !== SERVICE_WORKER) throw new TypeError(`not ours: ${address}`);
  return address;
}

/** Start the service worker, where there is one. */
export function startServiceWorker() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register(policy.createScriptURL(SERVICE_WORKER)).catch((problem) => {
    // Without it the page still works; only a reload needs the box.
    console.warn("no service worker", problem);
  });
}

/**
 * Make an element: attributes by name (`on…` are listeners, `class`, `data-…` and so on), then
 * children, which are nodes or text.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Make an icon of the page's sprite.  It is decoration: words beside it say the same. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Put HTML that was sanitised when the exam was built, and rendered by the box, into an element. */
export function setExamHtml(element, html) {
  element.innerHTML = policy.createHTML(html);
  return element;
}

/** Show one screen in place of the one before, and bring the reader to its start. */
export function showScreen(...children) {
  const page = document.getElementById("page");
  page.replaceChildren(...children);
  // The kiosk looks for it: a page without a title has not come, and is asked for anew.
  document.title = "examroom";
  const heading = page.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  return page;
}
