// The room's boxes: where they are, and which one leads.
//
// The box names them in every exchange.  When it is out of reach or was overtaken, each of them is
// asked; the highest epoch leads.  docs/standby-protocol.md is the specification.

import { calledOrigin, goTo } from "./box_calls.js";

const LOOK_MS_MAX = 2000;

export class OtherBoxes {
  #keeping;
  #known = { origins: [], epoch: 0, proof: null };
  #ticket = "";
  #allowed = new Set(
    (document.querySelector('meta[name="boxes"]')?.content ?? "").split(" ").filter(Boolean),
  );

  constructor(keeping) {
    this.#keeping = keeping;
  }

  /** Go on where this computer was before a reload. */
  async open() {
    this.#known = (await this.#keeping.fact("boxes")) ?? this.#known;
    this.#ticket = (await this.#keeping.fact("ticket")) ?? "";
    this.#goTo((await this.#keeping.fact("place")) ?? "");
  }

  /** Keep the ticket that a sign-in gave. */
  async keepTicket(ticket) {
    this.#ticket = ticket;
    this.#goTo((await this.#keeping.fact("place")) ?? "");
    await this.#keeping.setFact("ticket", ticket);
  }

  /** Note what an exchange says about the room's boxes. */
  async note(standing) {
    const news = standing.boxes.filter((origin) => !this.#known.origins.includes(origin));
    if (!news.length && standing.epoch <= this.#known.epoch) return;
    this.#known.origins.push(...news);
    this.#known.epoch = Math.max(this.#known.epoch, standing.epoch);
    await this.#keeping.setFact("boxes", this.#known).catch(() => {});
    if (this.#closedTo(news).length) await renewPage();
  }

  /** Look for the box that leads; go there and return true if it is another one. */
  async find() {
    const views = await this.#lookAtAll();
    const leaders = views.filter((view) => view.leads).sort((a, b) => b.epoch - a.epoch);
    const [best, ...others] = leaders;
    if (!best || best.epoch < this.#known.epoch) {
      await this.#show(leaders);
      return this.#reloadOnce();
    }
    this.#known.epoch = best.epoch;
    this.#known.proof = best.proof;
    await this.#keeping.setFact("boxes", this.#known).catch(() => {});
    await this.#show(others);
    if (best.origin === calledOrigin()) return false;
    const base = best.origin === location.origin ? "" : best.origin;
    await this.#keeping.setFact("place", base);
    this.#goTo(base);
    return true;
  }

  /** Return the address of the box that leads, as far as the boxes know. */
  async leader() {
    const views = await Promise.all([location.origin, ...this.#known.origins].map(look));
    return views.find((view) => view?.leader)?.leader ?? "";
  }

  /** Look at all boxes, and at one that joined later and that only they know of. */
  async #lookAtAll() {
    const origins = new Set([location.origin, ...this.#known.origins]);
    const views = (await Promise.all([...origins].map(look))).filter(Boolean);
    const news = views.map((view) => view.leader).filter((leader) => leader && !origins.has(leader));
    for (const origin of new Set(news)) {
      this.#known.origins.push(origin);
      if (this.#closedTo([origin]).length) await renewPage();
      views.push(await look(origin));
    }
    return views.filter(Boolean);
  }

  /** Show a box that still leads an older epoch who leads now. */
  async #show(boxes) {
    const { proof } = this.#known;
    if (!proof) return;
    for (const box of boxes) {
      const told = fetch(`${box.origin}/api/v1/box/epoch-proof`, {
        method: "POST",
        body: proof,
        credentials: "omit",
        headers: { Authorization: `Bearer ${this.#ticket}` },
        signal: AbortSignal.timeout(LOOK_MS_MAX),
      });
      await told.catch(() => {});
    }
  }

  #closedTo(origins) {
    return origins.filter((origin) => origin !== location.origin && !this.#allowed.has(origin));
  }

  /** This page may not talk to a box that joined after it was loaded; loaded again, it may. */
  #reloadOnce() {
    const closed = this.#closedTo(this.#known.origins).sort().join(" ");
    if (!closed || sessionStorage.getItem("reloaded for") === closed) return false;
    sessionStorage.setItem("reloaded for", closed);
    location.reload();
    return false;
  }

  #goTo(base) {
    goTo(base, this.#ticket);
  }
}

async function look(origin) {
  try {
    const options = { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(LOOK_MS_MAX) };
    return await (await fetch(`${origin}/api/v1/box`, options)).json();
  } catch {
    return null;
  }
}

/** Keep the page anew: its policy names the boxes it may talk to. */
async function renewPage() {
  const name = (await caches?.keys())?.find((one) => one.startsWith("page "));
  if (!name) return;
  const cache = await caches.open(name);
  await cache.add(new Request("/", { cache: "reload" })).catch(() => {});
}
