// Calls to the box.  Every call has a time limit; what went wrong is told apart by kind.

import { shownHashes } from "./locked_browser.js";

const CALL_MS_MAX = 10000;
const SEND_MS_MAX = 120000;

// Where the box is: the address this page came from, or another box of the room that leads now.
// A cookie belongs to one address, so the other box is shown a ticket instead.
const place = { base: "", ticket: "" };

/** From here on call the box at `base`; empty: where this page came from. */
export function goTo(base, ticket) {
  place.base = base;
  place.ticket = ticket;
}

/** Say which address is called. */
export function calledOrigin() {
  return place.base || location.origin;
}

/** The box answered, and refused. */
export class Refused extends Error {
  constructor(status, body) {
    super(body.error || `status ${status}`);
    this.status = status;
    this.key = body.error || "";
    this.sentence = body.message || "";
    this.body = body;
  }
}

/** The box could not be reached, or could not answer now. */
export class OutOfReach extends Error {}

/** Call the box and return its JSON, as whoever a ticket stands for.  Throws Refused or OutOfReach. */
export async function call(method, path, body, { keepalive = false, ticket = "" } = {}) {
  return answered(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    keepalive,
    signal: AbortSignal.timeout(CALL_MS_MAX),
  }, ticket);
}

/** Fetch a file of the exam from the box that leads.  Throws OutOfReach. */
export async function fetchMedia(path) {
  try {
    return await fetch(place.base + path, permitted({ signal: AbortSignal.timeout(SEND_MS_MAX) }));
  } catch (problem) {
    throw new OutOfReach(String(problem));
  }
}

/** Send a file as it is.  Throws Refused or OutOfReach. */
export async function send(path, file) {
  return answered(path, { method: "PUT", body: file, signal: AbortSignal.timeout(SEND_MS_MAX) });
}

/** Add what shows whose call this is: the cookie goes by itself, the ticket does not. */
function permitted(options, ticket = "") {
  options = { ...options, headers: { ...options.headers, ...shownHashes() } };
  if (!place.base && !ticket) return { credentials: "same-origin", ...options };
  const headers = { ...options.headers, Authorization: `Bearer ${ticket || place.ticket}` };
  return { credentials: "omit", ...options, headers };
}

async function answered(path, options, ticket) {
  let response;
  try {
    response = await fetch(place.base + path, { cache: "no-store", ...permitted(options, ticket) });
  } catch (problem) {
    throw new OutOfReach(String(problem));
  }
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    if (response.ok) throw new OutOfReach("cut short");
  }
  if (response.ok) return answer;
  // A proxy or a box that is just starting: nothing was decided about what we sent.
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new OutOfReach(answer.error || `status ${response.status}`);
  }
  throw new Refused(response.status, answer);
}
