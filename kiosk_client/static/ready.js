// The self-test: each line green, or with what to do; when all are, a big "Ready".

const CLOCK_MS_MAX = 120000;
const WIDTH_MIN = 1024;
const HEIGHT_MIN = 700;
const NEEDED_LAST = new Set(["sound", "clock"]); // advice, not needed for every exam
const list = document.querySelector(".checks");

function say(name, well, value = "") {
  const line = document.getElementById(name);
  const tag = line.querySelector(".tag");
  line.dataset.well = well ? "yes" : "no";
  tag.className = `tag ${well ? "safe" : "wait"}`;
  tag.textContent = well ? list.dataset.wordsYes : list.dataset.wordsNo;
  line.querySelector(".value").textContent = value;
  const lines = [...list.children].filter((one) => !NEEDED_LAST.has(one.id));
  const sum = document.querySelector("#sum");
  if (lines.every((one) => one.dataset.well === "yes")) sum.textContent = sum.dataset.ready;
}

async function box() {
  const [origin] = (document.body.dataset.boxes ?? "").split(" ").filter(Boolean);
  if (!origin) return say("box", false);
  try {
    const options = { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(5000) };
    const view = await (await fetch(`${origin}/api/v1/box`, options)).json();
    const apart = Math.abs(Date.now() - view.now_ms);
    say("box", true, origin);
    say("clock", apart < CLOCK_MS_MAX, `${Math.round(apart / 1000)} s`);
  } catch {
    say("box", false, origin);
  }
}

/** Write as the candidate's page does: durable before it counts. */
function storage() {
  const asked = indexedDB.open("self-test", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("kept");
  asked.onerror = () => say("storage", false);
  asked.onsuccess = () => {
    const database = asked.result;
    const writing = database.transaction("kept", "readwrite", { durability: "strict" });
    writing.objectStore("kept").put(Date.now(), "at");
    writing.oncomplete = () => say("storage", writing.durability === "strict");
    writing.onabort = () => say("storage", false);
  };
}

function tone() {
  const sound = new AudioContext();
  const source = sound.createOscillator();
  source.connect(sound.destination);
  source.start();
  source.stop(sound.currentTime + 1);
}

for (const line of list.children) if (line.dataset.well) say(line.id, line.dataset.well === "yes");
say("display", innerWidth >= WIDTH_MIN && innerHeight >= HEIGHT_MIN, `${innerWidth} × ${innerHeight}`);
document.querySelector("#tone").onclick = tone;
for (const button of document.querySelectorAll("[data-confirms]")) {
  button.onclick = () => say(button.dataset.confirms, true);
}
storage();
box();
