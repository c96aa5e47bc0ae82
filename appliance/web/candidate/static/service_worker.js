// Keeps the page itself, so that it opens and reloads with the box out of reach.
// It never keeps an answer of the protocol: those are the page's own business.

const CACHE = "page VERSION";
const FILES = [
  /* FILES */
];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name.startsWith("page ") && name !== CACHE).map((name) => caches.delete(name))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin) return;
  if (address.pathname.startsWith("/api/")) return;
  event.respondWith(address.pathname.startsWith("/media/") ? fromMedia(event.request) : fromPage(event.request));
});

/** Media are asked from the box first: who may have them is decided there. */
async function fromMedia(request) {
  try {
    const response = await fetch(request);
    if (response.ok) return response;
    return (await caches.match(request, { ignoreVary: true })) ?? response;
  } catch (problem) {
    const kept = await caches.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw problem;
  }
}

async function fromPage(request) {
  if (request.cache === "reload") return fetch(request);
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
  return kept ?? fetch(request);
}
