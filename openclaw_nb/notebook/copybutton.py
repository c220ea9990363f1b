"""A button that copies a text: the browser does it, ipywidgets has no such thing."""

from __future__ import annotations

import anywidget
import traitlets

_ESM = """
function copyOld(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ocs-copy";
  const name = () => { button.textContent = model.get("description"); };
  name();
  let timer;
  button.onclick = async () => {
    const text = model.get("text");
    // Only pages from this machine or over https have a clipboard.
    try { await navigator.clipboard.writeText(text); } catch { copyOld(text); }
    button.textContent = "Copied";
    clearTimeout(timer);
    timer = setTimeout(name, 1500);
  };
  el.append(button);
  return () => clearTimeout(timer);
}
export default { render };
"""


class CopyButton(anywidget.AnyWidget):
    """Copies `text` to the clipboard of the person at the browser."""

    _esm = _ESM

    description = traitlets.Unicode("Copy").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
