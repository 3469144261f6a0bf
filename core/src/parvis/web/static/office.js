/* The agents' day: follows what others do, and is worked by single keys. Everything works without it, by reloading. */
(() => {
  "use strict";
  const state = document.getElementById("live-state");
  const rows = () => [...document.querySelectorAll(".visit")];
  const open = { source: null };

  // --- following ---
  const say = (on) => {
    state.textContent = on ? state.dataset.on : state.dataset.off;
    state.classList.toggle("off", !on);
  };
  const follow = () => {
    const address = `${state.dataset.live}&seen=${state.dataset.seen}`;
    open.source = new EventSource(address);
    open.source.onopen = () => say(true);
    open.source.onmessage = (event) => {
      state.dataset.seen = event.lastEventId;
      htmx.swap(document.body, event.data, { swapStyle: "none" });
    };
    // The browser tries again by itself, but not after an answer that is no stream: signed out, for example.
    open.source.onerror = () => { if (open.source.readyState === EventSource.CLOSED) say(false); };
  };
  const look = () => {
    if (open.source) open.source.close();
    open.source = null;
    // A page that nobody sees keeps no connection: browsers allow six for a site.
    if (!document.hidden) follow();
  };
  if (state && window.EventSource) {
    document.addEventListener("visibilitychange", look);
    window.addEventListener("pagehide", () => { if (open.source) open.source.close(); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) look(); });
    look();
  }

  // A row that is replaced keeps the focus that was in it.
  let focused = "";
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const row = event.detail.target.closest(".visit");
    if (row && row.contains(document.activeElement)) focused = row.id;
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    const row = focused && document.getElementById(focused);
    if (row) row.querySelector("a").focus({ preventScroll: true });
    focused = "";
  });
  // Signed out, or without the right any more: the page itself says so.
  document.addEventListener("htmx:responseError", (event) => {
    if ([401, 403, 404].includes(event.detail.xhr.status)) location.reload();
  });

  // --- look: a colour is typed or picked, the two say the same ---
  document.addEventListener("input", (event) => {
    const picked = event.target.dataset.colourOf;
    if (picked) document.getElementById(picked).value = event.target.value;
    const picker = document.querySelector(`[data-colour-of="${CSS.escape(event.target.id)}"]`);
    if (picker && /^#[0-9a-f]{6}$/i.test(event.target.value)) picker.value = event.target.value;
  });

  // --- navigation: what one is on is in sight, however long the list ---
  const menu = document.getElementById("menu");
  const here = menu?.querySelector("[aria-current]");
  const find = () => { if (here) menu.scrollTop = here.offsetTop - menu.clientHeight / 2; };
  menu?.addEventListener("toggle", find);
  find();

  // --- counter: what is given, or counted, adds up as one types ---
  const money = (cents) => new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" }).format(cents / 100);
  const typed = (field) => Math.round(Number(field.value.replace(/[\s€]/g, "").replace(",", ".")) * 100);
  const total = (fields, worth) => [...fields].reduce((sum, field) => sum + worth(field), 0);
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    const counted = form?.querySelector("[data-counted]");
    if (counted) counted.textContent = money(total(form.querySelectorAll("[data-face]"), (field) => field.dataset.face * (Number(field.value) || 0)));
    const said = form?.querySelector("[data-due]");
    if (!said) return;
    const given = total(form.querySelectorAll("[inputmode=decimal]"), typed);
    const over = given - said.dataset.due;
    const words = over ? said.dataset[over > 0 ? "back" : "missing"] : said.dataset.even;
    said.textContent = given ? words.replace("{amount}", money(Math.abs(over))) : "";
  });

  // --- keys ---
  const steps = { a: "arrived", s: "served", x: "absent", z: "undo" };
  const move = (by) => {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (next) { next.querySelector("a").focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (localStorage.getItem("parvis-keys") === "off") return;
    if (event.key === "j" || event.key === "k") return move(event.key === "j" ? 1 : -1);
    const row = event.target.closest(".visit");
    const step = row && steps[event.key] && row.querySelector(`button[name=${steps[event.key]}]`);
    const keyed = step || (event.key.length === 1 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
    if (keyed) { event.preventDefault(); keyed.click(); }
  });

  // Who speaks to the computer, or is disturbed by single keys, switches them off.
  const choice = document.getElementById("keys-on");
  if (choice) {
    choice.checked = localStorage.getItem("parvis-keys") !== "off";
    choice.addEventListener("change", () => localStorage.setItem("parvis-keys", choice.checked ? "on" : "off"));
  }
})();
