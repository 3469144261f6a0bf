/* Enhancements only: every page works without this file. */
(() => {
  "use strict";
  const live = (text) => {
    const region = document.getElementById("live");
    if (region && text) { region.textContent = ""; setTimeout(() => { region.textContent = text; }, 60); }
  };

  // A summary of errors takes the focus, so that it is read first.
  const focusErrors = (root) => { const found = root.querySelector("[data-focus]"); if (found) found.focus(); };

  // The time left of a hold, by the server's clock; said aloud at 5, 2 and 1 minutes.
  const startTimer = (box) => {
    const skew = Number(box.dataset.now) - Date.now();
    const until = Number(box.dataset.until);
    const shown = box.querySelector(".timer-left");
    const said = new Set();
    const left = () => Math.ceil((until - Date.now() - skew) / 1000);
    [300, 120, 60].forEach((mark) => { if (left() < mark - 20) said.add(mark); });
    const tick = () => {
      const seconds = left();
      if (seconds <= 0) {
        box.classList.add("over");
        box.querySelector(".timer-text").textContent = box.dataset.late;
        shown.hidden = true;
        live(box.dataset.late);
        return clearInterval(clock);
      }
      shown.hidden = false;
      shown.textContent = box.dataset.left.replace("{minutes}", Math.floor(seconds / 60)).replace("{seconds}", String(seconds % 60).padStart(2, "0"));
      box.classList.toggle("soon", seconds <= 120);
      for (const mark of [60, 120, 300]) {
        if (seconds <= mark && !said.has(mark)) {
          [300, 120, 60].forEach((other) => { if (other >= mark) said.add(other); });
          live(mark === 60 ? box.dataset.one : box.dataset.many.replace("{minutes}", mark / 60));
          break;
        }
      }
    };
    const clock = setInterval(tick, 1000);
    tick();
  };

  const enhance = (root) => {
    root.querySelectorAll(".timer[data-until]").forEach((box) => {
      if (!box.dataset.runs) { box.dataset.runs = "yes"; startTimer(box); }
    });
    root.querySelectorAll("[data-announce]").forEach((part) => live(part.dataset.announce));
    root.querySelectorAll("[data-needs-script]").forEach((part) => { part.hidden = false; });
  };

  // A double click sends once; the way back makes the form usable again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // What opens in a window of its own leaves the form here to go on with.
    if (!form.matches("[data-once]") || event.submitter?.formTarget) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.onbeforeunload = null;
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // A form marked so warns before what was typed is lost.
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-guarded]")) window.onbeforeunload = (leaving) => { leaving.preventDefault(); };
    const word = event.target.closest("[data-filters-on-change]");
    if (word) word.form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-keys]")) document.getElementById("keys").showModal();
    const locate = event.target.closest("[data-locate]");
    if (locate && navigator.geolocation) {
      navigator.geolocation.getCurrentPosition((found) => {
        // Three decimals are a hundred metres: enough for the nearest town hall.
        if (locate.form.elements.near) locate.form.elements.near.value = "";
        locate.form.elements.lat.value = found.coords.latitude.toFixed(3);
        locate.form.elements.lon.value = found.coords.longitude.toFixed(3);
        live(locate.dataset.found);
        locate.form.requestSubmit();
      }, () => live(locate.dataset.failed));
    }
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label, select") && !String(getSelection())) location.assign(row.dataset.href);
    document.querySelectorAll("details.acting[open]").forEach((open) => { if (!open.contains(event.target)) open.open = false; });
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" && event.target.matches("tr[data-href]")) location.assign(event.target.dataset.href);
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (localStorage.getItem("parvis-keys") === "off") return;
    const search = document.querySelector("[data-search]");
    if (event.key === "/" && search) { event.preventDefault(); search.focus(); }
    const keys = document.getElementById("keys");
    if (event.key === "?" && keys) { event.preventDefault(); keys.showModal(); }
  });

  focusErrors(document);
  enhance(document);
  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
})();
