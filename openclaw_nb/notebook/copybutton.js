// A button that copies the code and shows it: a page may not be allowed to write to the clipboard.
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ocs-copy";
  button.textContent = "Copy as code";
  button.setAttribute("aria-expanded", "false");

  const told = document.createElement("span");
  told.className = "ocs-faint";
  told.setAttribute("role", "status");

  const shown = document.createElement("pre");
  shown.tabIndex = 0;
  shown.hidden = true;
  shown.setAttribute("aria-label", "The call that Generate makes");

  const draw = () => {
    shown.textContent = model.get("code");
    told.textContent = "";
  };
  button.onclick = async () => {
    shown.hidden = false;
    button.setAttribute("aria-expanded", "true");
    try {
      await navigator.clipboard.writeText(shown.textContent);
      told.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      told.textContent = "Selected: press Ctrl+C or ⌘C";
    }
  };
  draw();
  model.on("change:code", draw);
  el.classList.add("ocs-copying");
  el.append(button, told, shown);
  return () => model.off("change:code", draw);
}

export default { render };
