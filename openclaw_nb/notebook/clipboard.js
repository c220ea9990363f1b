// A button that copies the code and shows it: a page may refuse to write to the clipboard.
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jupyter-widgets jupyter-button widget-button ocl-button";
    button.textContent = "Copy as code";
    button.setAttribute("aria-expanded", "false");

    const told = document.createElement("span");
    told.className = "ocl-told";
    told.setAttribute("role", "status");

    const text = document.createElement("pre");
    text.className = "ocl-code";
    text.tabIndex = 0;
    text.hidden = true;
    text.setAttribute("aria-label", "the call that makes this");

    const select = () => {
      const range = document.createRange();
      range.selectNodeContents(text);
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
    };
    const draw = () => {
      text.textContent = model.get("code");
    };
    button.addEventListener("click", async () => {
      text.hidden = false;
      button.setAttribute("aria-expanded", "true");
      try {
        await navigator.clipboard.writeText(text.textContent);
        told.textContent = "Copied";
      } catch {
        select();
        told.textContent = "Selected: press Ctrl+C or ⌘C";
      }
    });
    model.on("change:code", draw);
    draw();
    el.classList.add("ocl-copy");
    el.append(button, told, text);
    model.send({ event: "shown" });
    return () => model.off("change:code", draw);
  },
};
