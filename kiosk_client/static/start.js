// The first page: asks how things stand, and goes on to the box as soon as the browser may.
//
// What a candidate wrote and could not send belongs to the address it was written at.  So a browser
// that is started anew goes back to the address it had, and its page finds the box that leads.

const EVERY_MS = 1000;
const PLACE = "place";
const { matter: shown, workstation, start } = document.body.dataset;

const today = document.querySelector("#today");
if (today) today.textContent = new Date().toLocaleString(document.documentElement.lang);

// A scanner types where the focus is; what the page says above stays in sight.
document.querySelector("#address")?.focus({ preventScroll: true });

function go(origin) {
  localStorage.setItem(PLACE, origin);
  location.replace(`${origin}/?workstation=${workstation}&start=${start}`);
}

async function look() {
  const options = { cache: "no-store", signal: AbortSignal.timeout(5000) };
  const answer = await fetch("/state", options).catch(() => null);
  if (!answer?.ok) return;
  const state = await answer.json();
  const now = [state.matter, state.about, state.rooms.length, state.released ? "True" : "False"].join(" ");
  const typing = document.querySelector("#address")?.value;
  if (now !== shown) {
    if (!typing || state.matter === "found") location.reload();
  } else if (state.open_at && !state.released) {
    goOn(state);
  }
}

function goOn(state) {
  const place = localStorage.getItem(PLACE);
  const before = state.allowed.includes(place) ? place : state.open_at;
  if (before === state.open_at || state.reachable.includes(before)) return go(before);
  const choice = document.querySelector("#elsewhere");
  if (!choice.hidden) return;
  document.querySelector("#going").hidden = true;
  choice.hidden = false;
  document.querySelector("#go-on").onclick = () => go(before);
  document.querySelector("#afresh").onclick = () => go(state.open_at);
}

setInterval(look, EVERY_MS);
look();
