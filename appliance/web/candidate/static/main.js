// Where the page starts: who is this, how do things stand, which screen is right.

import { call, fetchMedia, OutOfReach, Refused } from "./box_calls.js";
import { applyDisplay, displayFromAccommodations } from "./display.js";
import { el, showScreen, startServiceWorker } from "./elements.js";
import { ExamScreen } from "./exam_screen.js";
import { openKeeping } from "./keeping.js";
import { sendLeftOver } from "./left_over.js";
import { Line } from "./line.js";
import { askLockedBrowser } from "./locked_browser.js";
import { OtherBoxes } from "./other_boxes.js";
import { attemptsWithWork, keepRescueKey, rescueOffer } from "./rescue_file.js";
import { asking, elsewhere, handedIn, looking, noteScreen, signIn, waiting } from "./screens.js";
import { t } from "./texts.js";

const LOOK_AGAIN_MS = 2000;
const START = new URLSearchParams(location.search).get("start"); // which start of this computer it is
const BROWSER_REFUSALS = new Set(["locked_browser_missing", "locked_browser_unfit", "page_elsewhere"]);

class Page {
  #keeping;
  #boxes;
  #line = null;
  #me = null;
  #exam = null;
  #screen = "";
  #loading = false;
  #leftOver = [];

  async start() {
    applyDisplay();
    startServiceWorker();
    await askLockedBrowser();
    this.#keeping = await openKeeping();
    this.#boxes = new OtherBoxes(this.#keeping);
    await this.#boxes.open();
    addEventListener("pagehide", () => {
      this.#line?.hurry();
      this.#line?.exchange({ keepalive: true });
    });
    document.addEventListener("visibilitychange", () => this.#line?.sendNow());
    await this.#recognise();
  }

  async #clientId() {
    let id = await this.#keeping.fact("client");
    if (!id) {
      id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
      await this.#keeping.setFact("client", id);
    }
    return id;
  }

  /** Say whether the computer was started after the last sign-in: then somebody else may sit here. */
  async #isStartedAnew(kept) {
    return Boolean(kept && START && START !== (await this.#keeping.fact("start")));
  }

  /** Find out whose this is: from the box, or while it is out of reach from what is kept here. */
  async #recognise() {
    let kept = await this.#keeping.fact("me");
    const anew = await this.#isStartedAnew(kept);
    if (anew) kept = null;
    try {
      const me = await call("GET", "/api/v1/me");
      if (anew) this.#askForCode(t("code_again"));
      else await this.#begin(me);
    } catch (problem) {
      const overtaken = problem instanceof Refused && problem.key === "overtaken";
      if ((overtaken || problem instanceof OutOfReach) && (await this.#boxes.find())) {
        await this.#recognise();
      } else if (overtaken && !kept && !anew) {
        await this.#moveToLeader();
      } else if ((overtaken || problem instanceof OutOfReach) && kept) {
        await this.#begin(kept);
      } else if (overtaken || problem instanceof OutOfReach) {
        this.#show("looking", looking);
        this.#offerRescue();
        setTimeout(() => this.#recognise(), LOOK_AGAIN_MS);
      } else if (problem instanceof Refused) {
        this.#askForCode(kept || anew ? t("code_again") : "");
      } else {
        throw problem;
      }
    }
  }

  /** Offer to save work that is left on this computer, below the screen that is shown. */
  async #offerRescue() {
    if (document.querySelector(".rescue")) return;
    const card = document.querySelector("main .card");
    for (const attempt of await attemptsWithWork(this.#keeping)) {
      card?.append(rescueOffer(this.#keeping, attempt));
    }
  }

  /** Nothing of anybody is kept here: open the page of the box that leads. */
  async #moveToLeader() {
    const leader = await this.#boxes.leader();
    if (leader && leader !== location.origin) location.replace(`${leader}/${location.search}`);
    else setTimeout(() => this.#recognise(), LOOK_AGAIN_MS);
    this.#show("looking", looking);
  }

  #askForCode(notice) {
    this.#line?.stop();
    this.#line = null;
    this.#show("sign-in", () => signIn((code) => this.#signIn(code), notice));
    this.#offerRescue();
    this.#deliverLeftOver();
  }

  /** Send what is left on this computer; once it is sent there is nothing to save to a file. */
  async #deliverLeftOver() {
    this.#leftOver.forEach((line) => line.stop());
    this.#leftOver = await sendLeftOver(this.#keeping, () => this.#boxes.find());
    for (const line of this.#leftOver) {
      line.addEventListener("standing", () => {
        if (line.unsentCount === 0) document.querySelector(".rescue")?.remove();
      });
    }
  }

  async #signIn(code) {
    const client = await this.#clientId();
    const answer = await call("POST", "/api/v1/sign-in", { code, client });
    const { ticket, rescue_key: key, ...me } = answer;
    this.#leftOver.forEach((line) => line.stop());
    await this.#boxes.keepTicket(ticket);
    await keepRescueKey(this.#keeping, me.attempt_id, { key, client, ticket });
    if (START) await this.#keeping.setFact("start", START);
    if (this.#line && this.#me?.attempt_id === me.attempt_id) {
      this.#line.resume();
      return;
    }
    this.#screen = "";
    await this.#begin(me);
  }

  async #begin(me) {
    this.#me = me;
    await this.#keeping.setFact("me", me);
    this.#exam = (await this.#keeping.fact(`exam ${me.attempt_id}`)) ?? null;
    this.#line?.stop();
    this.#line = await Line.open(this.#keeping, me.attempt_id, me.standing.acknowledged, () =>
      this.#boxes.find(),
    );
    await this.#boxes.note(me.standing);
    this.#line.standing = { ...me.standing, messages: [], heardMono: performance.now() };
    this.#line.addEventListener("standing", () => this.#stands());
    this.#line.addEventListener("signedout", () => this.#signedOut());
    await this.#settle();
    this.#line.sendWithin(0);
  }

  /** Keep how things stand, so that a reload without the box finds the right screen, and show it. */
  async #stands() {
    const { heardMono, messages, ...standing } = this.#line.standing;
    this.#me = { ...this.#me, standing };
    await this.#keeping.setFact("me", this.#me).catch(() => {});
    await this.#boxes.note(standing);
    await this.#settle();
  }

  /** Show the screen that fits how things stand. */
  async #settle() {
    const standing = this.#line.standing;
    const state = standing.attempt_state;
    if (standing.here === "asking") return this.#show("asking", () => asking(this.#me));
    if (standing.here === "elsewhere" && state !== "submitted" && state !== "closed") {
      return this.#show("elsewhere", () =>
        elsewhere(this.#line, () => this.#askForCode(""), rescueOffer(this.#keeping, this.#me.attempt_id, this.#me.number)),
      );
    }
    switch (state) {
      case "writing":
      case "suspended":
        return this.#writing(standing);
      case "submitted":
      case "closed":
        return this.#done();
      case "absent":
        return this.#show("absent", () => noteScreen(t("wait_title"), t("absent")));
      case "on_paper":
        return this.#show("paper", () => noteScreen(this.#me.title, t("on_paper")));
      default:
        return this.#show(`waiting ${state} ${standing.seat}`, () =>
          waiting(this.#me, standing, () => this.#askForCode("")),
        );
    }
  }

  async #writing(standing) {
    if (!this.#exam || standing.replaced_count !== this.#exam.replaced_count) {
      await this.#load(standing);
    }
    if (!this.#exam) return;
    if (this.#screen !== "exam") {
      this.#screen = "exam";
      this.examScreen = new ExamScreen({
        keeping: this.#keeping,
        line: this.#line,
        me: this.#me,
        exam: this.#exam,
        onHandIn: () => this.#done(),
      });
      await this.examScreen.open();
    }
    this.examScreen.stand(standing);
  }

  /** Fetch the exam once; from then on the page needs the box only for saving. */
  async #load(standing) {
    if (this.#loading) return;
    this.#loading = true;
    const attempt = this.#me.attempt_id;
    try {
      const exam = await call("GET", `/api/v1/attempts/${attempt}/exam`);
      exam.replaced_count = standing.replaced_count;
      await this.#keeping.keepResponses(attempt, exam.responses, standing.acknowledged);
      const again = this.#exam !== null;
      this.#exam = exam;
      await this.#keeping.setFact(`exam ${attempt}`, { ...exam, responses: [] });
      displayFromAccommodations(exam.accommodations);
      this.#keepMedia(exam.exam.media);
      if (again) await this.examScreen?.refresh(t("brought_by_staff"));
    } catch (problem) {
      if (!(problem instanceof OutOfReach || problem instanceof Refused)) throw problem;
      // The next exchange says how things stand and comes here again.
      if (BROWSER_REFUSALS.has(problem.key) && !this.#exam) {
        this.#show("browser", () => noteScreen(t("browser_title"), problem.sentence));
      }
    } finally {
      this.#loading = false;
    }
  }

  /** Let the service worker keep pictures and sounds, so that they are there without the box. */
  async #keepMedia(addresses) {
    if (!addresses.length || !window.caches) return;
    const cache = await caches.open("media");
    for (const address of addresses) {
      if (await cache.match(address)) continue;
      const found = await fetchMedia(address).catch(() => null);
      if (found?.ok) await cache.put(address, found);
    }
  }

  async #done() {
    if (this.#screen === "done") return;
    this.#screen = "done";
    await handedIn({
      me: this.#me,
      line: this.#line,
      onLeave: () => this.#leave(),
    });
  }

  async #leave() {
    const attempt = this.#me.attempt_id;
    this.#line.stop();
    await this.#keeping.forget(attempt);
    await caches.delete("media");
    const left = await call("POST", `/api/v1/attempts/${attempt}/leave`, {}).catch(() => ({}));
    showScreen(
      el("main", { class: "centred" }, el("section", { class: "card welcome" },
        el("h1", {}, t("left_title")), el("p", {}, t("left_help")))),
    );
    if (left.quit) location.assign(left.quit); // Safe Exam Browser ends there
  }

  #signedOut() {
    if (this.#screen === "exam") this.examScreen.askForCode((code) => this.#signIn(code));
    else this.#askForCode(t("code_again"));
  }

  #show(name, make) {
    if (this.#screen === name) return;
    this.#screen = name;
    showScreen(make());
  }
}

new Page().start();
