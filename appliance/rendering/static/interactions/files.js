// Files from the candidate, sound and film.

const KIBIBYTE = 1024;

function sizeWords(bytes) {
  if (bytes < KIBIBYTE * KIBIBYTE) return `${Math.ceil(bytes / KIBIBYTE)} KB`;
  return `${(bytes / KIBIBYTE / KIBIBYTE).toFixed(1)} MB`;
}

async function sha256(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function mountUpload(element, context) {
  const input = element.querySelector("input");
  const chosen = element.querySelector(".chosen");
  const clear = element.querySelector(".clear");
  let value = null;
  const show = () => {
    chosen.textContent = value === null
      ? context.text("file_none")
      : context.text("file_chosen", { name: value.name, size: sizeWords(value.size_bytes) });
    clear.hidden = context.readOnly || value === null;
  };
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    try {
      value = {
        name: file.name,
        media_type: file.type || "application/octet-stream",
        size_bytes: file.size,
        sha256: await sha256(file),
      };
    } catch {
      // The stick was pulled out, or the page has no secure context to hash in.
      chosen.textContent = context.text("file_failed");
      context.say(context.text("file_failed"));
      return;
    }
    show();
    context.changed(value, file);
  }, { signal: context.signal });
  clear.addEventListener("click", () => {
    value = null;
    input.value = "";
    show();
    input.focus();
    context.changed(null);
  }, { signal: context.signal });
  return {
    get: () => value,
    set(next) {
      value = next ?? null;
      input.value = "";
      show();
    },
  };
}

// The value is how often it was played, counted at each start.
export function mountMedia(element, context) {
  const player = element.querySelector("audio, video");
  const most = Number(element.dataset.max);
  const button = element.querySelector(".play");
  const left = element.querySelector(".plays");
  const progress = element.querySelector("progress");
  const on = (target, name, listener) => target.addEventListener(
    name, listener, { signal: context.signal });
  let count = 0;
  const show = () => {
    if (!most) return;
    const remaining = Math.max(0, most - count);
    const key = ["none", "one"][remaining] ?? "many";
    left.textContent = context.text(`plays_left_${key}`, { count: remaining });
    button.textContent = context.text(player.paused ? "play" : "playing");
    button.disabled = context.readOnly || remaining === 0 || !player.paused;
  };
  const counted = () => {
    count += 1;
    show();
    context.changed(String(count));
  };
  if (most) {
    on(button, "click", async () => {
      player.currentTime = 0;
      try {
        await player.play();
      } catch {
        return; // it did not start, so it does not count
      }
      counted();
    });
    on(player, "ended", show);
    on(player, "pause", show);
    on(player, "timeupdate", () => { progress.value = player.currentTime / (player.duration || 1); });
  } else {
    on(player, "play", () => { if (player.currentTime < 0.2) counted(); });
  }
  show();
  return {
    get: () => (count ? String(count) : null),
    set(value) {
      count = Number(value ?? 0);
      show();
    },
    destroy: () => player.pause(),
  };
}
