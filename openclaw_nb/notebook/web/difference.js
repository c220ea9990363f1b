// Two clips of a comparison, frame by frame: what differs, a swipe, one laid over the other.

const SHOWN_WIDTH = 480;
const WAYS = {
  difference: { title: "Difference", amount: "Amplification", min: 1, max: 16, step: 1, value: 4, unit: "×" },
  swipe: { title: "Swipe", amount: "Position", min: 0, max: 100, step: 1, value: 50, unit: " %" },
  onion: { title: "Onion skin", amount: "Share of the second", min: 0, max: 100, step: 1, value: 50, unit: " %" },
};

class Difference {
  constructor(comparison) {
    this.comparison = comparison;
    this.open = false;
    this.pair = [0, 1];
    this.way = "difference";
    this.amounts = Object.fromEntries(Object.entries(WAYS).map(([way, { value }]) => [way, value]));
    this.button = iconButton("difference", "Difference of two clips", () => this.toggle());
    this.button.setAttribute("aria-pressed", "false");
    this.build();
  }

  build() {
    const names = this.comparison.items.map((item, index) => [`${index + 1}  ${item.label}`, index]);
    this.first = choice("First clip", names, 0, (value) => this.choose(0, Number(value)));
    this.second = choice("Second clip", names, 1, (value) => this.choose(1, Number(value)));
    const ways = Object.entries(WAYS).map(([way, { title }]) => [title, way]);
    const way = choice("View", ways, this.way, (value) => this.setWay(value));
    this.amount = make("input", { type: "range", className: "ocl-amount" });
    this.amount.addEventListener("input", () => this.setAmount(Number(this.amount.value)));
    this.told = make("span", { className: "ocl-times" });
    this.readout = make("div", { className: "ocl-readout" });
    this.remarks = make("div", { className: "ocl-remarks" });
    this.plot = make("div", { className: "ocl-plot" });
    const row = make("div", { className: "ocl-bar" }, this.first, this.second, way, this.amount, this.told);
    this.panel = make("div", { className: "ocl-difference", hidden: true }, row, this.plot, this.readout, this.remarks);
    this.canvas = make("canvas", { role: "img" });
    this.caption = make("figcaption", {});
    const stage = make("div", { className: "ocl-stage" }, this.canvas);
    this.tile = make("figure", { className: "ocl-tile", hidden: true }, stage, this.caption);
    this.comparison.grid.append(this.tile);
    this.buffers = [document.createElement("canvas"), document.createElement("canvas")];
    this.setWay(this.way);
  }

  toggle() {
    if (this.open) this.close();
    else this.show();
  }

  show() {
    this.open = true;
    this.comparison.alone = null;
    this.changed();
    this.wake();
    this.loadCurve();
  }

  // A player that has not run yet has no picture to compare.
  wake() {
    const { clock, tiles } = this.comparison;
    for (const index of this.pair) tiles[index].media.preload = "auto";
    clock.seek(clock.time);
  }

  close() {
    if (!this.open) return;
    this.open = false;
    this.changed();
  }

  changed() {
    this.panel.hidden = this.tile.hidden = !this.open;
    this.button.setAttribute("aria-pressed", String(this.open));
    this.comparison.arrange();
  }

  choose(side, index) {
    const other = 1 - side;
    if (this.pair[other] === index) this.pair[other] = this.pair[side];
    this.pair[side] = index;
    this.first.value = this.pair[0];
    this.second.value = this.pair[1];
    this.comparison.arrange();
    this.wake();
    this.loadCurve();
  }

  setWay(way) {
    this.way = way;
    const { amount, min, max, step } = WAYS[way];
    Object.assign(this.amount, { min, max, step });
    this.amount.value = this.amounts[way];
    this.amount.setAttribute("aria-label", amount);
    this.setAmount(this.amounts[way]);
  }

  setAmount(value) {
    this.amounts[this.way] = value;
    this.told.textContent = `${value}${WAYS[this.way].unit}`;
    this.draw();
  }

  async loadCurve() {
    const [first, second] = this.pair;
    this.curve = null;
    this.plot.replaceChildren();
    this.readout.textContent = this.remarks.textContent = "";
    const curve = await this.comparison.clips.curve(first, second);
    if (this.pair[0] !== first || this.pair[1] !== second) return;
    this.curve = curve;
    if (curve) this.drawCurve();
    this.draw();
  }

  // The mean difference of every frame; a click goes there.
  drawCurve() {
    const { mean, fps, notes } = this.curve;
    this.remarks.textContent = notes.join(" · ");
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const top = Math.max(...mean, 0.001);
    const points = mean.map((value, at) => `${at + 0.5},${(30 - (29 * value) / top).toFixed(2)}`);
    svg.setAttribute("viewBox", `0 0 ${mean.length} 30`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    const range = `${Math.min(...mean).toFixed(1)} to ${Math.max(...mean).toFixed(1)} of 255`;
    svg.setAttribute("aria-label", `Mean absolute difference of each frame: ${range}`);
    const line = document.createElementNS(space, "polyline");
    line.setAttribute("points", points.join(" "));
    this.mark = document.createElementNS(space, "line");
    this.mark.setAttribute("y2", "30");
    svg.append(line, this.mark);
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const frame = Math.floor(((event.clientX - box.left) / box.width) * mean.length);
      this.comparison.clock.pause();
      this.comparison.clock.seek((frame + 0.5) / fps);
    });
    this.plot.replaceChildren(svg);
  }

  draw() {
    if (!this.open) return;
    const shown = this.pair.map((index) => this.comparison.tiles[index]);
    const sizes = shown.map(({ media }) => sizeOf(media));
    if (sizes.every(({ width }) => width > 0)) this.paint(shown, sizes);
    this.tell(shown);
  }

  paint(shown, sizes) {
    const width = Math.min(SHOWN_WIDTH, sizes[0].width);
    const height = Math.max(1, Math.round((width * sizes[0].height) / sizes[0].width));
    for (const canvas of [this.canvas, ...this.buffers]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    shown.forEach(({ media }, side) => cover(this.buffers[side], media, sizes[side]));
    this[`paint_${this.way}`](width, height);
  }

  paint_difference(width, height) {
    const [a, b] = this.buffers.map((canvas) => pixels(canvas, width, height));
    const gain = this.amounts.difference;
    let sum = 0;
    for (let at = 0; at < a.data.length; at += 4) {
      for (let colour = at; colour < at + 3; colour += 1) {
        const off = Math.abs(a.data[colour] - b.data[colour]);
        sum += off;
        a.data[colour] = Math.min(255, off * gain);
      }
    }
    this.mean = sum / (width * height * 3);
    this.canvas.getContext("2d").putImageData(a, 0, 0);
  }

  paint_swipe(width, height) {
    const here = this.canvas.getContext("2d");
    const edge = Math.round((width * this.amounts.swipe) / 100);
    here.drawImage(this.buffers[0], 0, 0);
    if (edge < width) here.drawImage(this.buffers[1], edge, 0, width - edge, height, edge, 0, width - edge, height);
    here.fillStyle = "#fff";
    here.fillRect(edge - 1, 0, 2, height);
  }

  paint_onion() {
    const here = this.canvas.getContext("2d");
    here.globalAlpha = 1;
    here.drawImage(this.buffers[0], 0, 0);
    here.globalAlpha = this.amounts.onion / 100;
    here.drawImage(this.buffers[1], 0, 0);
    here.globalAlpha = 1;
  }

  tell(shown) {
    const names = shown.map(({ item }) => item.label);
    const { title, unit } = WAYS[this.way];
    this.caption.textContent = `${title} ${this.amounts[this.way]}${unit}`;
    this.canvas.setAttribute("aria-label", `${title} of ${names[0]} and ${names[1]}`);
    this.readout.textContent = this.curve ? this.exactly() : this.roughly();
  }

  exactly() {
    const { mean, psnr, fps } = this.curve;
    const at = Math.floor(this.comparison.clock.time * fps + 0.01);
    this.mark.setAttribute("x1", Math.min(at, mean.length) + 0.5);
    this.mark.setAttribute("x2", Math.min(at, mean.length) + 0.5);
    if (at >= mean.length) return "One of the two is over";
    const ratio = psnr[at] === null ? "identical" : `PSNR ${psnr[at].toFixed(1)} dB`;
    const frame = `frame ${at + 1} of ${mean.length}`;
    return [frame, `mean absolute difference ${mean[at].toFixed(2)} of 255`, ratio].join(" · ");
  }

  roughly() {
    if (this.mean === undefined) return "";
    return `mean absolute difference ${this.mean.toFixed(1)} of 255, as shown here`;
  }
}

function sizeOf(media) {
  if (media.tagName === "IMG") return { width: media.naturalWidth, height: media.naturalHeight };
  const drawable = media.readyState >= 2 ? media.videoWidth : 0;
  return { width: drawable, height: media.videoHeight };
}

// The picture over the whole canvas; what is too wide or too high for it is cut off on both sides.
function cover(canvas, media, { width, height }) {
  const scale = Math.max(canvas.width / width, canvas.height / height);
  const cut = { width: canvas.width / scale, height: canvas.height / scale };
  const left = (width - cut.width) / 2;
  const top = (height - cut.height) / 2;
  const here = canvas.getContext("2d", { willReadFrequently: true });
  here.drawImage(media, left, top, cut.width, cut.height, 0, 0, canvas.width, canvas.height);
}

function pixels(canvas, width, height) {
  return canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height);
}
