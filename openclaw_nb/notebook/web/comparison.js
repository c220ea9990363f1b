// Players side by side on one clock, with one play bar.

const RATES = [["¼×", 0.25], ["½×", 0.5], ["1×", 1], ["1½×", 1.5], ["2×", 2]];
const KEYS = [
  ["Space", "play or pause"],
  ["← →", "one second; with Shift five"],
  [", .", "one frame"],
  ["Home End", "start, end"],
  ["1 … 9", "one clip alone; again: all"],
  ["M", "sound on or off; one clip at a time"],
  ["D", "difference of two clips"],
  ["F", "full screen"],
];

class Comparison {
  constructor(root, clips) {
    this.root = root;
    this.clips = clips;
    this.items = clips.items;
    this.alone = null;
    this.heard = null;
    this.loudest = Math.max(0, this.items.findIndex((item) => item.sound));
    this.clock = new Clock(() => this.draw());
    this.tiles = this.items.map((item, index) => new Tile(index, item, clips, this.acts()));
    for (const tile of this.tiles) if (tile.item.kind !== "image") this.clock.add(tile.media);
    this.build();
    root.addEventListener("keydown", (event) => this.key(event));
    this.draw();
    this.frame();
  }

  acts() {
    return {
      toggle: () => this.timed && (this.clock.toggle(), this.playButton.focus()),
      hear: (index) => this.hear(this.heard === index ? null : index),
      solo: (index) => this.solo(index),
      changed: () => this.draw(),
    };
  }

  get timed() {
    return this.items[0].kind !== "image";
  }

  get fps() {
    const shown = this.alone === null ? this.items : [this.items[this.alone]];
    return Math.max(...shown.map((item) => item.fps || 0)) || 24;
  }

  build() {
    this.grid = make("div", { className: "ocl-grid" }, ...this.tiles.map((tile) => tile.node));
    this.grid.style.setProperty("--ocl-shape", shapeOf(this.items));
    this.grid.classList.toggle("ocl-sounds", this.items[0].kind === "audio");
    this.status = make("div", { className: "ocl-status", role: "status" });
    this.difference = this.comparable() ? new Difference(this) : null;
    this.root.classList.add("ocl-compare");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", `Comparison of ${this.items.length} ${this.items[0].kind}s`);
    // Without this JupyterLab takes the keys: 1 makes a heading of the cell, M a text cell.
    keepKeys(this.root);
    this.root.append(...[this.grid, this.bar(), this.difference?.panel, this.foot()].filter(Boolean));
  }

  comparable() {
    return this.items.filter((item) => item.kind !== "audio").length > 1;
  }

  bar() {
    this.playButton = iconButton("play", "Play", () => this.clock.toggle());
    this.playButton.classList.add("ocl-play");
    this.seekBar = make("input", { type: "range", min: 0, max: 1, step: "any", value: 0 });
    this.seekBar.setAttribute("aria-label", "Position");
    this.seekBar.addEventListener("input", () => this.clock.seek(Number(this.seekBar.value)));
    this.times = make("span", { className: "ocl-times" });
    this.loopButton = iconButton("loop", "Repeat", () => this.setLoop(!this.clock.loops));
    const rate = choice("Speed", RATES, 1, (value) => this.clock.setRate(Number(value)));
    const timed = [
      this.playButton,
      iconButton("back", "One frame back", () => this.clock.step(-1, this.fps)),
      iconButton("forth", "One frame on", () => this.clock.step(1, this.fps)),
      this.seekBar, this.times, rate, this.loopButton,
    ];
    this.setLoop(true);
    const end = [
      this.difference?.button ?? null,
      iconButton("large", "Full screen", () => this.fullScreen()),
    ];
    return make("div", { className: "ocl-bar" }, ...(this.timed ? timed : []), ...end);
  }

  foot() {
    const rows = KEYS.map(([key, does]) => make("div", {}, make("kbd", {}, key), ` ${does}`));
    const keys = make("details", {}, make("summary", {}, "Keys"), make("div", {}, ...rows));
    return make("div", { className: "ocl-foot" }, this.status, keys);
  }

  setLoop(on) {
    this.clock.loops = on;
    this.loopButton.setAttribute("aria-pressed", String(on));
  }

  // At most one clip is heard.
  hear(index) {
    this.heard = index;
    if (index !== null) this.loudest = index;
    this.tiles.forEach((tile) => tile.hears(tile.index === index));
  }

  solo(index) {
    if (!this.tiles[index]) return;
    this.alone = this.alone === index ? null : index;
    this.difference?.close();
    if (this.alone !== null && this.heard !== null && this.items[index].sound) this.hear(index);
    this.arrange();
  }

  arrange() {
    const pair = this.difference?.open ? this.difference.pair : null;
    for (const tile of this.tiles) {
      const hidden = pair ? !pair.includes(tile.index) : this.alone !== null && this.alone !== tile.index;
      tile.shows(this.alone === tile.index, hidden);
    }
    this.grid.classList.toggle("ocl-alone", this.alone !== null);
    this.draw();
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.().catch(() => {});
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("select") || (event.key === " " && event.target.matches("button,summary"))) return;
    if (event.key.startsWith("Arrow") && event.target.matches("input.ocl-amount")) return;
    if (this.does(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  does({ key, shiftKey }) {
    const move = shiftKey ? 5 : 1;
    const acts = {
      " ": () => this.clock.toggle(),
      ArrowLeft: () => this.clock.seek(this.clock.time - move),
      ArrowRight: () => this.clock.seek(this.clock.time + move),
      ",": () => this.clock.step(-1, this.fps),
      ".": () => this.clock.step(1, this.fps),
      Home: () => this.clock.seek(0),
      End: () => this.clock.seek(this.clock.duration),
      m: () => this.hear(this.heard === null && this.items[this.loudest].sound ? this.loudest : null),
      d: () => this.difference?.toggle(),
      f: () => this.fullScreen(),
    };
    const act = /^[1-9]$/.test(key) ? () => this.solo(Number(key) - 1) : acts[key.toLowerCase()] ?? acts[key];
    act?.();
    return Boolean(act);
  }

  draw() {
    if (!this.seekBar) return;
    const { playing, time, duration } = this.clock;
    relabel(this.playButton, playing ? "pause" : "play", playing ? "Pause" : "Play");
    this.seekBar.max = duration || 1;
    this.seekBar.value = time;
    this.seekBar.setAttribute("aria-valuetext", `${seconds(time)} of ${seconds(duration)}`);
    this.times.textContent = `${seconds(time)} / ${seconds(duration)}`;
    const failed = this.tiles.filter((tile) => tile.failed).length;
    this.status.textContent = failed ? `${failed} of ${this.tiles.length} cannot be played here` : "";
    this.difference?.draw();
  }

  frame() {
    this.request = requestAnimationFrame(() => this.frame());
    if (this.clock.playing) this.draw();
  }

  close() {
    cancelAnimationFrame(this.request);
    this.clock.close();
    this.clips.close();
  }
}
