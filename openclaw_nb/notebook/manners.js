// What the widgets of ipywidgets leave out, done for everything in the form or list around this element.
const TAKES_KEYS = "button, select, summary, pre, .noUi-handle, input[type=radio], input[type=checkbox]";

function mend(root) {
  // Else the notebook takes the keys: D D on a button would delete the cell.
  for (const node of root.querySelectorAll(TAKES_KEYS)) {
    node.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  for (const handle of root.querySelectorAll(".noUi-handle")) {
    const field = handle.closest(".widget-slider");
    const name = field?.querySelector(".widget-label")?.textContent;
    const value = field?.querySelector(".widget-readout")?.textContent;
    if (name) handle.setAttribute("aria-label", name);
    if (value) handle.setAttribute("aria-valuetext", value);
  }
  for (const live of root.querySelectorAll(".ocs-live:not([aria-live])")) {
    live.setAttribute("aria-live", "polite");
  }
}

function render({ el }) {
  el.style.display = "none";
  let observer;
  let frame;
  const start = () => {
    const root = el.closest(".ocs-studio, .ocl-tasks");
    if (!root) {
      frame = requestAnimationFrame(start); // the view is not in the page yet
      return;
    }
    mend(root);
    observer = new MutationObserver(() => mend(root));
    observer.observe(root, { childList: true, subtree: true, characterData: true });
  };
  start();
  return () => {
    cancelAnimationFrame(frame);
    observer?.disconnect();
  };
}

export default { render };
