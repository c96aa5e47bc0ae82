// The clock: what the box said is left, counted on by the monotonic clock of this computer.

import { el } from "./elements.js";
import { t, timeLeft, timeOfDay } from "./texts.js";

const SPOKEN_AT_MINUTES = [15, 5, 1];

/** Return the milliseconds left now, by the line's newest standing. */
export function remainingMs(line) {
  const standing = line.standing;
  if (!standing) return null;
  const passed = standing.counting ? performance.now() - standing.heardMono : 0;
  return Math.max(0, standing.remaining_ms - passed);
}

/** Make the clock of a line to the box. */
export function clock(line, announce) {
  const number = el("b", {});
  const below = el("small", {});
  const element = el("div", { class: "clock num", role: "timer" }, number, below);
  const spoken = new Set();
  const show = () => {
    const left = remainingMs(line);
    if (left === null) return;
    const standing = line.standing;
    number.textContent = timeLeft(left);
    element.dataset.state = left < 300000 ? "soon" : "";
    below.textContent = standing.counting
      ? t("left_until", { time: timeOfDay(Date.now() + left) })
      : t("clock_stopped");
    for (const minutes of SPOKEN_AT_MINUTES) {
      const due = left <= minutes * 60000 && left > (minutes - 1) * 60000;
      if (due && !spoken.has(minutes)) announce(t("minutes_left", { n: minutes }));
      if (left <= minutes * 60000) spoken.add(minutes);
    }
  };
  const timer = setInterval(() => (element.isConnected ? show() : clearInterval(timer)), 500);
  show();
  return element;
}
