// A box that scrolls has to take the keyboard's focus; one that does not should stay out of its way.
(() => {
  const mend = () => {
    for (const box of document.querySelectorAll(".cell_output, .cell_output pre, .math.notranslate, .table-scroll")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  window.addEventListener("load", mend);
  window.addEventListener("resize", mend);
})();
