"use strict";
// Light and dark, and what is opened for print.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const remembered = () => { try { return localStorage.getItem("toolformer-theme"); } catch { return null; } };
  const show = (theme) => { if (theme === "dark" || theme === "light") root.dataset.theme = theme; };
  const toggle = () => {
    const theme = (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
    show(theme);
    try { localStorage.setItem("toolformer-theme", theme); } catch { /* a page from a file may have none */ }
  };
  show(remembered());
  button.hidden = false;
  button.addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.key === "t" && !event.target.closest("input, select, textarea") && !(event.ctrlKey || event.metaKey || event.altKey)) toggle();
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((each) => !each.closest("#list"));
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
})();
