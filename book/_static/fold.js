// One switch on every page: show all code, or only the code that is the lesson.
(() => {
  "use strict";
  const KEY = "companion-show-all-code";
  // a browser may forbid storage, to pages of the disk for one; then the page alone remembers
  const remembered = () => { try { return localStorage.getItem(KEY) === "yes"; } catch { return false; } };
  const remember = (open) => { try { localStorage.setItem(KEY, open ? "yes" : "no"); } catch { /* so be it */ } };

  function start() {
    const bar = document.querySelector(".article-header-buttons") || document.querySelector("main");
    if (!bar || document.querySelector(".code-switch")) return;
    const folds = [...document.querySelectorAll("details.code-fold")];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm code-switch";
    button.textContent = "Show all code";
    const show = (open) => {
      button.setAttribute("aria-pressed", String(open));
      for (const fold of folds) fold.open = open;
    };
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-pressed") !== "true";
      show(open);
      remember(open);
    });
    bar.prepend(button);
    const open = remembered();
    button.setAttribute("aria-pressed", String(open));
    if (open) show(true);
    // a link into a fold opens it
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const around = target && target.closest("details");
    if (around) around.open = true;
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();

  // Paper checks stand in the margin; on a phone they fold to a line under the text.
  function quiet() {
    const narrow = matchMedia("(max-width: 768px)");
    for (const note of document.querySelectorAll("aside.paper-check")) {
      const box = note.querySelector("details");
      const settle = () => { if (box) box.open = !narrow.matches; };
      settle();
      narrow.addEventListener("change", settle);
    }
  }
  document.addEventListener("DOMContentLoaded", quiet);
})();
