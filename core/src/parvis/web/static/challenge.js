/* A form with `data-challenge` solves what that address gives before it is sent, away from the page's own thread.
   Whatever goes wrong, the form is sent as it is: the server then lets it through more slowly. */
(() => {
  "use strict";
  const { worker, said } = document.currentScript.dataset;
  const PATIENCE = 30000;

  const solve = async (url) => {
    const asked = await fetch(url, { headers: { Accept: "application/json" } });
    if (!asked.ok) throw new Error(String(asked.status));
    const challenge = await asked.json();
    return new Promise((found, failed) => {
      const solver = new Worker(worker);
      const late = setTimeout(() => { solver.terminate(); failed(new Error("late")); }, PATIENCE);
      const end = () => { clearTimeout(late); solver.terminate(); };
      solver.onmessage = ({ data }) => { end(); found(data); };
      solver.onerror = () => { end(); failed(new Error("worker")); };
      solver.postMessage(challenge);
    });
  };

  const send = (form, button, answer) => {
    const field = form.elements.answer || form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: "answer" }));
    field.value = answer;
    form.dataset.solved = "yes";
    form.requestSubmit(button);
  };

  const forget = (form) => {
    delete form.dataset.solved;
    delete form.dataset.solving;
    if (form.elements.answer) form.elements.answer.remove();
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  };

  // Before anybody else hears of it: a form that waits for its answer is not sent yet.
  window.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (!form.matches("[data-challenge]") || form.dataset.solved || !window.Worker || !form.requestSubmit) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.solving) return;
    form.dataset.solving = "yes";
    if (button) button.setAttribute("aria-busy", "true");
    document.getElementById("live").textContent = said;
    solve(form.dataset.challenge).then((answer) => send(form, button, answer), () => send(form, button, ""));
  }, true);

  // The way back finds the page as it was left: its answer is spent.
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-solving]").forEach(forget));
})();
