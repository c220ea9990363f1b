// The live card of a task and its buttons. What it shows and offers is decided in Python.
const BUTTONS = [
  ["cancel", "Cancel", "Stop the job; what was submitted may still be charged"],
  ["resume", "Resume", "Take the job up; nothing is submitted again"],
  ["again", "Run again", "Send it once more, and pay for it once more"],
  ["save", "Save as…", "Copy the files to another place"],
  ["copy", "Copy as code", "The call that makes this"],
];

function element(name, className, parent, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function selectAll(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

// Letters on what has the focus here are not the notebook's: D D would delete the cell.
function keepKeys(root) {
  for (const node of root.querySelectorAll("button, input, summary, a, pre, video, audio")) {
    node.setAttribute("data-lm-suppress-shortcuts", "true");
  }
}

function render({ model, el }) {
  el.classList.add("ocl-card");
  const face = element("div", "ocl-face", el);
  const parts = ["notices", "head", "body"].map((name) => [name, element("div", "", face), ""]);

  const row = element("div", "ocl-row", el);
  const buttons = new Map(
    BUTTONS.map(([name, label, title]) => {
      const button = element("button", `ocl-button ocl-${name}`, row, { type: "button", title });
      button.textContent = label;
      return [name, button];
    }),
  );

  const form = element("form", "ocl-row", el);
  const label = element("label", "ocl-told", form);
  label.append("Save to ");
  const where = element("input", "ocl-where", label, { placeholder: "directory/ or path" });
  element("button", "ocl-button", form, { type: "submit" }).textContent = "Save";
  form.hidden = true;

  const told = element("div", "ocl-told", el, { role: "status" });
  const code = element("pre", "ocl-code", el, { tabindex: "0", "aria-label": "code" });
  code.hidden = true;

  const draw = () => {
    const now = model.get("now");
    for (const part of parts) {
      const html = now[part[0]] ?? "";
      if (html === part[2]) continue;
      part[1].innerHTML = html;
      part[2] = html;
    }
    face.hidden = !now.head;
    for (const [name, button] of buttons) button.hidden = !now.offers.includes(name);
    const cancel = buttons.get("cancel");
    cancel.disabled = now.cancelling;
    cancel.textContent = now.cancelling ? "Cancelling…" : "Cancel";
    if (!now.offers.includes("save")) form.hidden = true;
    keepKeys(el);
  };
  const drawTold = () => { told.textContent = model.get("told"); };
  const drawCode = () => { code.textContent = model.get("code"); };

  const copy = async () => {
    code.hidden = false;
    try {
      await navigator.clipboard.writeText(code.textContent);
      told.textContent = "Copied";
    } catch {
      selectAll(code); // a page may refuse to write to the clipboard
      told.textContent = "Selected: press Ctrl+C or ⌘C";
    }
  };
  const calls = {
    cancel: () => model.send({ event: "click" }),
    resume: () => model.send({ event: "resume" }),
    again: () => model.send({ event: "again" }),
    save: () => { form.hidden = !form.hidden; if (!form.hidden) where.focus(); },
    copy,
  };
  for (const [name, button] of buttons) button.addEventListener("click", calls[name]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    model.send({ event: "save", target: where.value });
  });
  // JupyterLab has shortcuts for most letters.
  where.addEventListener("keydown", (event) => event.stopPropagation());

  model.on("change:now", draw);
  model.on("change:told", drawTold);
  model.on("change:code", drawCode);
  draw();
  drawTold();
  drawCode();
  model.send({ event: "shown" });
  return () => {
    model.off("change:now", draw);
    model.off("change:told", drawTold);
    model.off("change:code", drawCode);
  };
}

export default { render };
