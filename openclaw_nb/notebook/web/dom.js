// Elements, icons and addresses of clips: what the views share.

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M17 6v12l-8.5-6zM5 6h2v12H5z",
  forth: "M7 6v12l8.5-6zM17 6h2v12h-2z",
  muted: "M4 9v6h4l5 5V4L8 9zM16 8.6l1.4-1.4 1.9 1.9 1.9-1.9L22.6 8.6 20.7 10.5 22.6 12.4 21.2 13.8 19.3 11.9 17.4 13.8 16 12.4 17.9 10.5z",
  heard: "M4 9v6h4l5 5V4L8 9zM16 8.500a5 5 0 0 1 0 7zM16 4.500v2.100a6 6 0 0 1 0 10.800v2.100a8 8 0 0 0 0-15z",
  loop: "M7 7h10v3l4-4-4-4v3H5v6h2zM17 17H7v-3l-4 4 4 4v-3h12v-6h-2z",
  large: "M5 14H3v7h7v-2H5zM3 10h2V5h5V3H3zM19 19h-5v2h7v-7h-2zM14 3v2h5v5h2V3z",
  alone: "M3 5h18v14H3zm2 2v10h14V7zm2 2h7v6H7z",
  difference: "M3 5h11v11H3zm2 2v7h7V7zM10 10h11v10H10zm2 2v6h7v-6z",
  close: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.600z",
};

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// JupyterLab asks the element that has the focus whether keys are its own, then those around it.
function keepKeys(root) {
  const focusable = "button, input, select, summary, a, pre, video, audio, [tabindex]";
  const mark = () => {
    for (const node of [root, ...root.querySelectorAll(focusable)]) {
      node.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  };
  mark();
  new MutationObserver(mark).observe(root, { childList: true, subtree: true });
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(path);
  return drawing;
}

function iconButton(name, title, onClick) {
  const button = make("button", { type: "button", title, className: "ocl-icon" }, icon(name));
  button.setAttribute("aria-label", title);
  button.addEventListener("click", onClick);
  return button;
}

function relabel(button, name, title) {
  if (button.title === title) return;
  button.replaceChildren(icon(name));
  button.title = title;
  button.setAttribute("aria-label", title);
}

function choice(label, options, value, onChange) {
  const select = make("select", { "aria-label": label });
  for (const [text, key] of options) select.append(make("option", { value: key }, text));
  select.value = value;
  select.addEventListener("change", () => onChange(select.value));
  return select;
}

function seconds(time) {
  const tenths = Math.round(Math.max(0, time || 0) * 10);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

function addressOf(bytes, type) {
  return URL.createObjectURL(new Blob([bytes], { type }));
}

// One shape for every stage, fair to wide and tall clips: the middle between the widest and the tallest.
function shapeOf(items) {
  const shapes = items.filter(({ width, height }) => width && height).map(({ width, height }) => width / height);
  return shapes.length ? Math.sqrt(Math.min(...shapes) * Math.max(...shapes)).toFixed(4) : "16 / 9";
}
