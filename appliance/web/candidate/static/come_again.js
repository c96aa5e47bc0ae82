// Loads the page anew while nobody can see anything of it.
//
// Somebody presses Esc while the page comes, or the box goes away meanwhile: either would leave an
// empty page for good.  A slow computer must not be interrupted again and again, so each wait is
// twice as long as the one before.

(() => {
  const FIRST_WAIT_MS = 60000;
  const WAITS_MAX = 4;
  const waits = Number(sessionStorage.getItem("waits") ?? 0);
  setTimeout(() => {
    if (document.title) {
      sessionStorage.removeItem("waits");
    } else {
      sessionStorage.setItem("waits", String(Math.min(waits + 1, WAITS_MAX)));
      location.reload();
    }
  }, FIRST_WAIT_MS * 2 ** waits);
})();
