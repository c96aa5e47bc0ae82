// Work that an earlier stay has left on this computer: sent while somebody else may sit here.
//
// A power cut ends a stay without a goodbye.  The candidate may be writing at another computer by
// then, so what was not sent does not wait for their code: the ticket of that stay shows whose it is.

import { Line } from "./line.js";
import { attemptsWithWork } from "./rescue_file.js";

/** Begin to send what is left here of any attempt; return the lines, each ends when all is sent. */
export async function sendLeftOver(keeping, findBox) {
  const lines = [];
  for (const attempt of await attemptsWithWork(keeping)) {
    const stay = await keeping.fact(`rescue ${attempt}`);
    if (!stay?.ticket) continue;
    const line = await Line.open(keeping, attempt, 0, findBox);
    line.ticket = stay.ticket;
    line.addEventListener("standing", () => line.unsentCount === 0 && line.stop());
    line.sendWithin(0);
    lines.push(line);
  }
  return lines;
}
