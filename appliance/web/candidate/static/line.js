// The line to the box: keeps every change at once, sends it within two seconds, and goes on trying.
//
// docs/candidate-protocol.md is the specification.  The rules that lose nothing:
//   a change is kept on this computer before it is sent;
//   it counts as sent only when the box has acknowledged it;
//   where there is another box, it is forgotten only when that one has it, too;
//   numbers run without gaps, so the box can say how far it has come;
//   a change that has been sent is never altered: the next keystroke makes a new one.

import { call, OutOfReach, Refused, send } from "./box_calls.js";

const PAUSE_MS = 600; // after the last keystroke
const WAIT_MS_MAX = 2000; // after the first unsent one
const TEXT_MAX_CHARACTERS = 400000; // as in docs/candidate-protocol.md
const RETRY_MS_FIRST = 1000;
const RETRY_MS_MAX = 15000;
const SEND_AT_ONCE_MAX = 100;
const CHARACTERS_AT_ONCE_MAX = 500000;
const HELD_WHOLE_MAX = 200;
const LOOK_AFTER_FAILURES = 2;

export class Line extends EventTarget {
  #keeping;
  #attempt;
  #changes = new Map(); // number -> change, not acknowledged, in order
  #held = new Map(); // number -> change, acknowledged, not yet in two places
  #unkept = new Map(); // number -> change whose write is under way
  #uploads = new Map(); // SHA-256 -> file that the box does not have yet
  #nextNo;
  #sending = false;
  #uploading = false;
  #sentUpTo = 0;
  #timer = null;
  #dueAt = Infinity;
  #failures = 0;
  #writes = Promise.resolve();
  #pageId = crypto.randomUUID();
  #seenMessages = 0;
  #item = "";
  #stopped = false;
  #findBox;
  #restatedEpoch = 0;
  ticket = ""; // of an earlier stay; empty: of who is signed in
  standing = null;
  reachable = true;
  signedOut = false;
  keptFailed = false;
  refusal = "";
  uploadRefusal = "";
  tooLong = false;

  constructor(keeping, attempt, nextNo, findBox) {
    super();
    this.#findBox = findBox;
    this.#keeping = keeping;
    this.#attempt = attempt;
    this.#nextNo = nextNo;
  }

  /**
   * Open the line of an attempt, with what this computer still has to send.
   * `findBox` looks for another box that leads, and says whether it found one.
   */
  static async open(keeping, attempt, acknowledged, findBox) {
    await takeBackHurried(keeping, attempt);
    const kept = await keeping.changes(attempt);
    const last = kept.length ? kept[kept.length - 1].no : 0;
    const line = new Line(keeping, attempt, Math.max(last, acknowledged) + 1, findBox);
    for (const change of kept) {
      (change.no > acknowledged ? line.#changes : line.#held).set(change.no, change);
    }
    for (const one of await keeping.uploads(attempt)) line.#uploads.set(one.sha256, one.file);
    line.#sentUpTo = last;
    return line;
  }

  get attempt() {
    return this.#attempt;
  }

  get unsentCount() {
    return this.#changes.size + this.#uploads.size;
  }

  /** Return the number of the oldest change that is still here, or of the next one. */
  get oldestNo() {
    return Math.min(this.#nextNo, ...this.#held.keys(), ...this.#changes.keys());
  }

  get lastNo() {
    return this.#nextNo - 1;
  }

  /** Say since when the oldest unsent change waits, in ms of performance.now(), or null. */
  get waitingSince() {
    const first = this.#changes.values().next();
    return first.done ? null : (first.value.firstMadeMono ?? 0);
  }

  /** Note where the candidate is: it is told with the next exchange. */
  at(item) {
    this.#item = item;
  }

  /** Keep a change and see that it is sent; a text longer than the box takes is not one. */
  change(kind, item, fields) {
    this.tooLong = typeof fields.value === "string" && fields.value.length > TEXT_MAX_CHARACTERS;
    if (this.tooLong) {
      this.#tell();
      return;
    }
    const made = { madeAt: Date.now(), madeMono: performance.now(), page: this.#pageId };
    const last = this.#changes.get(this.#nextNo - 1);
    const sameUnsent =
      last && last.no > this.#sentUpTo && kind === "response" && last.kind === kind &&
      last.item === item && last.response === fields.response;
    const change = sameUnsent
      ? { ...last, ...fields, ...made }
      : {
          attempt: this.#attempt,
          no: this.#nextNo++,
          kind,
          item,
          response: "",
          firstMadeMono: made.madeMono,
          ...fields,
          ...made,
        };
    this.#changes.set(change.no, change);
    this.#keep(change);
    const quick = kind !== "response";
    this.sendWithin(quick ? 0 : Math.min(PAUSE_MS, this.#untilDue(change)));
    this.#tell();
  }

  /** Keep a file that a response names, and see that it is sent. */
  upload(sha256, file) {
    this.uploadRefusal = "";
    this.#uploads.set(sha256, file);
    this.#writes = this.#writes
      .then(() => this.#keeping.keepUpload(this.#attempt, sha256, file))
      .catch(() => {
        this.keptFailed = true;
      });
    this.#sendUploads();
    this.#tell();
  }

  /** Send the files, beside the exchange: a large one never holds up what is being written. */
  async #sendUploads() {
    if (this.#uploading) return;
    this.#uploading = true;
    await this.#writes;
    for (const [sha256, file] of [...this.#uploads]) {
      try {
        await send(`/api/v1/attempts/${this.#attempt}/uploads/${sha256}`, file);
      } catch (problem) {
        if (problem instanceof OutOfReach || problem.status === 401) break; // after the next exchange
        if (!(problem instanceof Refused)) throw problem;
        this.uploadRefusal = problem.sentence;
      }
      this.#uploads.delete(sha256);
      await this.#keeping.dropUpload(this.#attempt, sha256);
    }
    this.#uploading = false;
    this.#tell();
  }

  #untilDue(change) {
    return Math.max(0, change.firstMadeMono + WAIT_MS_MAX - performance.now());
  }

  /** Keep a change after those before it, unless a newer keystroke has taken its place by then. */
  #keep(change) {
    this.#unkept.set(change.no, change);
    const isNewest = () => this.#unkept.get(change.no) === change;
    this.#writes = this.#writes
      .then(async () => {
        // A stick may take longer for a write than a candidate for a key.
        if (!isNewest()) return;
        await this.#keeping.keepChange(change);
        this.keptFailed = false;
        if (isNewest()) this.#unkept.delete(change.no);
      })
      .catch(() => {
        this.keptFailed = true;
        this.#tell();
      });
  }

  /** Call the box within `ms`; an earlier appointment stands, a new one for typing moves it. */
  sendWithin(ms) {
    if (this.#stopped || this.#sending || this.signedOut) return;
    if (this.#failures > 0 && this.#timer !== null) return;
    clearTimeout(this.#timer);
    this.#dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.exchange(), ms);
  }

  /** Send now what is unsent: on every move, when the page is left, before hand-in. */
  sendNow() {
    if (this.#changes.size > 0) this.sendWithin(0);
  }

  /**
   * The page goes away, perhaps in the middle of a write: keep in a hurry what is not kept yet.
   * localStorage is not flushed to the disk, but it is there after a reload; and it is at once.
   */
  hurry() {
    if (this.#unkept.size === 0) return;
    localStorage.setItem(`hurried ${this.#attempt}`, JSON.stringify([...this.#unkept.values()]));
  }

  /** Stop calling. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Start calling again, after signing in anew. */
  resume() {
    this.signedOut = false;
    this.#stopped = false;
    this.#failures = 0;
    this.sendWithin(0);
  }

  async exchange({ keepalive = false } = {}) {
    if (this.#sending || this.#stopped || this.signedOut) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    this.#timer = null;
    // What is sent must be on this computer first: it is what a dead box or page is mended from.
    await this.#writes;
    const batch = this.#batch();
    if (batch.length) this.#sentUpTo = batch[batch.length - 1].no;
    let next;
    try {
      const answer = await call("POST", `/api/v1/attempts/${this.#attempt}/changes`, this.#body(batch), {
        keepalive,
        ticket: this.ticket,
      });
      await this.#take(answer);
      next = this.#changes.size ? 0 : jittered(answer.next_in_ms);
    } catch (problem) {
      next = this.#missed(problem);
      if (this.#shouldLook(problem) && (await this.#findBox())) {
        this.#failures = 0;
        next = 0;
      }
    }
    this.#sending = false;
    if (next !== null) this.#again(next);
    this.#tell();
  }

  /** Return the oldest changes that fit into one call; always at least one. */
  #batch() {
    const batch = [];
    let characters = 0;
    for (const change of this.#changes.values()) {
      characters += JSON.stringify(change.value ?? "").length;
      if (batch.length && (batch.length === SEND_AT_ONCE_MAX || characters > CHARACTERS_AT_ONCE_MAX)) {
        break;
      }
      batch.push(change);
    }
    return batch;
  }

  #again(ms) {
    // Keystrokes made while the call was under way wait for their own two seconds at most.
    const newest = this.#changes.get(this.#nextNo - 1);
    const typing = newest && newest.no > this.#sentUpTo && this.#failures === 0;
    this.sendWithin(typing ? Math.min(PAUSE_MS, this.#untilDue(newest)) : ms);
  }

  #body(batch) {
    return {
      changes: batch.map((one) => this.#asSent(one)),
      seen_messages: this.#seenMessages,
      item: this.#item,
      unsent: this.unsentCount,
      oldest: this.oldestNo,
      ...(battery.percent === null ? {} : { battery_percent: battery.percent }),
      ...(workstation ? { workstation } : {}),
    };
  }

  #asSent(change) {
    // The monotonic clock where it is the same page, the wall clock after a reload.
    const age =
      change.page === this.#pageId ? performance.now() - change.madeMono : Date.now() - change.madeAt;
    const sent = { no: change.no, kind: change.kind, item: change.item };
    sent.age_ms = Math.max(0, Math.round(age));
    if (change.kind === "response") Object.assign(sent, { response: change.response, value: change.value });
    if (change.kind === "flag") sent.flagged = change.flagged;
    return sent;
  }

  async #take(answer) {
    this.#failures = 0;
    this.reachable = true;
    this.signedOut = false;
    this.refusal = "";
    if (this.#uploads.size) this.#sendUploads();
    this.#settle(answer.acknowledged, answer.copied);
    await this.#restate(answer);
    await this.#keeping.forgetChanges(this.#attempt, answer.copied).catch(() => {
      this.keptFailed = true;
    });
    this.#seenMessages = answer.message_count;
    this.standing = { ...answer, heardMono: performance.now() };
    this.dispatchEvent(new Event("standing"));
  }

  /**
   * Sort the changes by what the box has.  A box that took over may have less than the one before
   * had acknowledged: then what is held here is sent again.
   */
  #settle(acknowledged, copied) {
    const all = [...this.#held.values(), ...this.#changes.values()].sort((a, b) => a.no - b.no);
    this.#changes.clear();
    this.#held.clear();
    for (const change of all) {
      if (change.no > acknowledged) this.#changes.set(change.no, change);
      else if (change.no > copied) this.#held.set(change.no, change);
    }
    this.#thin();
  }

  /**
   * A box that took over may lack what two others had and this computer has forgotten.  It comes
   * from them if they live; and the newest of everything is still here, so it is said once more.
   */
  async #restate(answer) {
    const lacks = answer.acknowledged + 1 < this.oldestNo;
    if (!lacks || this.#restatedEpoch === answer.epoch) return;
    this.#restatedEpoch = answer.epoch;
    for (const { item, response, value } of await this.#keeping.responses(this.#attempt)) {
      this.change("response", item, { response, value });
    }
  }

  /** Of what is only held, keep the newest of each response; numbers must run without gaps. */
  #thin() {
    if (this.#held.size < HELD_WHOLE_MAX) return;
    const newer = new Set();
    for (const change of [...this.#held.values()].reverse()) {
      if (change.kind !== "response") continue;
      const key = `${change.item} ${change.response}`;
      if (newer.has(key)) {
        const { value, response, ...seen } = change;
        const thin = { ...seen, kind: "visit", response: "" };
        this.#held.set(change.no, thin);
        this.#keep(thin);
      }
      newer.add(key);
    }
  }

  /** Say whether another box may lead: this one leads nothing, or it has been silent twice. */
  #shouldLook(problem) {
    if (problem instanceof Refused) return ["overtaken", "room_closed"].includes(problem.key);
    return problem instanceof OutOfReach && this.#failures >= LOOK_AFTER_FAILURES;
  }

  /** Return when to try again, or null to wait for somebody. */
  #missed(problem) {
    this.#failures += 1;
    if (problem instanceof Refused && problem.status === 401) {
      this.signedOut = true;
      this.refusal = problem.sentence;
      this.dispatchEvent(new Event("signedout"));
      return null;
    }
    if (problem instanceof Refused) {
      this.refusal = problem.sentence;
    } else if (problem instanceof OutOfReach) {
      this.reachable = false;
    } else {
      throw problem;
    }
    const wait = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(this.#failures - 1, 5));
    return jittered(wait);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Keep properly what the page before could only keep in a hurry. */
async function takeBackHurried(keeping, attempt) {
  const name = `hurried ${attempt}`;
  const hurried = localStorage.getItem(name);
  if (hurried === null) return;
  for (const change of JSON.parse(hurried)) await keeping.keepChange(change);
  localStorage.removeItem(name);
}

/** Return a time between three quarters and five quarters of `ms`, so that a room never calls in step. */
function jittered(ms) {
  return ms * (0.75 + Math.random() / 2);
}

// The name of this computer, when a kiosk program opened the page.
const workstation = /^[0-9a-z]{8,32}$/.exec(new URLSearchParams(location.search).get("workstation") ?? "")?.[0];
const battery = { percent: null };
navigator.getBattery?.().then((found) => {
  const read = () => (battery.percent = Math.round(found.level * 100));
  read();
  found.addEventListener("levelchange", read);
});
