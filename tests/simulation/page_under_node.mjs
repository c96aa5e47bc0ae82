// The candidate page's own modules under Node: simulated time, network and storage.
//
// Commands come as lines of JSON and each is answered by one line.  `advance` runs timers in their
// order up to a time; whenever the page calls the box it stops and says so, until it is answered.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const WALL_START_MS = 1760000000000;
const [folder, home, origins, seed] = process.argv.slice(2);

let now = 0;
let timers = [];
let timerCount = 0;
let random = Number(seed) + 1;
const calls = new Map();
let callCount = 0;

globalThis.setTimeout = (run, ms = 0) => {
  timers.push({ id: ++timerCount, at: now + Math.max(0, ms), run });
  return timerCount;
};
globalThis.clearTimeout = (id) => (timers = timers.filter((one) => one.id !== id));
Object.defineProperty(globalThis, "performance", { value: { now: () => now }, configurable: true });
Date.now = () => WALL_START_MS + now;
Math.random = () => (random = (random * 16807) % 2147483647) / 2147483647;
AbortSignal.timeout = () => undefined;
globalThis.location = { origin: home, href: `${home}/`, search: "", reload() {} };
globalThis.document = { querySelector: () => ({ content: origins }) };
globalThis.caches = { keys: async () => [] };
globalThis.navigator ??= {};
globalThis.sessionStorage = globalThis.localStorage = storage();
globalThis.fetch = (url, options = {}) =>
  new Promise((resolve, reject) => {
    const address = new URL(url, home);
    calls.set(++callCount, { resolve, reject });
    say({
      call: callCount,
      host: address.host,
      path: address.pathname,
      method: options.method ?? "GET",
      headers: options.headers ?? {},
      body: options.body ?? "",
    });
  });

function storage() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
}

/** What survives a crash of the page: the interface of keeping.js, in memory. */
class Keeping {
  #facts = new Map();
  #changes = new Map();
  #responses = new Map();

  async fact(name) {
    return structuredClone(this.#facts.get(name));
  }

  async setFact(name, value) {
    this.#facts.set(name, structuredClone(value));
  }

  async keepChange(change) {
    this.#changes.set(change.no, structuredClone(change));
    if (change.kind === "response") this.#responses.set(change.item, structuredClone(change));
  }

  async responses() {
    return [...this.#responses.values()].map((one) => structuredClone(one));
  }

  async changes() {
    return [...this.#changes.values()].sort((a, b) => a.no - b.no).map((one) => structuredClone(one));
  }

  async forgetChanges(_attempt, no) {
    for (const known of [...this.#changes.keys()]) if (known <= no) this.#changes.delete(known);
  }

  async uploads() {
    return [];
  }
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const { Line } = await load("line.js");
const { OtherBoxes } = await load("other_boxes.js");
const keeping = new Keeping();
let boxes = new OtherBoxes(keeping);
let line = null;
let acknowledged = 0;
let attempt = "";
let until = null;

async function open() {
  boxes = new OtherBoxes(keeping);
  await boxes.open();
  line = await Line.open(keeping, attempt, acknowledged, () => boxes.find());
  line.addEventListener("standing", async () => {
    acknowledged = line.standing.acknowledged;
    await boxes.note(line.standing);
  });
  line.sendWithin(0);
}

/** Let everything run that does not wait for time or for the network. */
async function settle() {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}

async function run() {
  await settle();
  while (until !== null && calls.size === 0) {
    const next = timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at || a.id - b.id)[0];
    if (!next) {
      now = until;
      until = null;
      break;
    }
    timers = timers.filter((one) => one !== next);
    now = Math.max(now, next.at);
    next.run();
    await settle();
  }
  if (until === null) {
    say({ idle: true, unsent: line?.unsentCount ?? 0, last: line?.lastNo ?? 0, signedOut: line?.signedOut ?? false });
  }
}

const commands = {
  async open(command) {
    attempt = command.attempt;
    acknowledged = command.acknowledged;
    await boxes.keepTicket(command.ticket);
    await open();
  },
  async reload() {
    line.stop();
    timers = [];
    await open();
  },
  async resume(command) {
    await boxes.keepTicket(command.ticket);
    line.resume();
  },
  async change(command) {
    line.change("response", command.item, { response: "RESPONSE", value: command.value });
  },
  async advance(command) {
    until = command.to;
  },
  async answer(command) {
    const call = calls.get(command.call);
    calls.delete(command.call);
    if (command.status === 0) call.reject(new TypeError("lost"));
    else call.resolve(new Response(command.body, { status: command.status }));
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const command = JSON.parse(text);
  await commands[command.do](command);
  if (command.do === "advance" || command.do === "answer") {
    if (calls.size === 0 || command.do === "advance") await run();
  } else {
    await settle();
    say({ done: true, last: line?.lastNo ?? 0 });
  }
}
