// A wall of posters; a click opens the player.

const PAGE = 24;
const FEW = 6; // up to here sorting and filtering are only in the way
const ORDERS = [
  ["As given", ""],
  ["Provider and model", "ref"],
  ["Label", "label"],
  ["Longest first", "seconds"],
  ["Largest first", "pixels"],
  ["Slowest first", "taken"],
];

class Gallery {
  constructor(root, clips) {
    Object.assign(this, { root, clips, items: clips.items, order: "", provider: "", model: "", page: 0 });
    this.opened = null;
    root.classList.add("ocl-gallery");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", `Gallery of ${this.items.length} files`);
    keepKeys(root);
    this.count = make("span", { className: "ocl-times", role: "status" });
    this.grid = make("div", { className: "ocl-grid ocl-wall" });
    this.grid.style.setProperty("--ocl-shape", shapeOf(this.items));
    this.player = make("div");
    this.stage = make("div", { className: "ocl-open", hidden: true }, this.player, this.steps());
    this.pages = make("div", { className: "ocl-bar" });
    root.append(this.controls(), this.stage, this.grid, this.pages);
    root.addEventListener("keydown", (event) => this.key(event));
    this.posters = new Map();
    this.draw();
  }

  controls() {
    const row = make("div", { className: "ocl-bar ocl-controls" }, this.count);
    if (this.items.length <= FEW) return row;
    const reset = (name) => (value) => {
      this[name] = value;
      this.page = 0;
      this.draw();
    };
    for (const [name, all] of [["provider", "All providers"], ["model", "All models"]]) {
      const values = [...new Set(this.items.map((item) => item[name]).filter(Boolean))].sort();
      const options = [[all, ""], ...values.map((value) => [value, value])];
      if (values.length > 1) row.append(choice(`Filter by ${name}`, options, "", reset(name)));
    }
    row.append(choice("Order", ORDERS, "", reset("order")));
    return row;
  }

  steps() {
    this.closeButton = iconButton("close", "Close", () => this.hide());
    const back = iconButton("back", "Previous", () => this.move(-1));
    const forth = iconButton("forth", "Next", () => this.move(1));
    return make("div", { className: "ocl-bar" }, back, forth, this.closeButton);
  }

  get shown() {
    const all = this.items.map((item, index) => ({ item, index }));
    const kept = all.filter(
      ({ item }) =>
        (!this.provider || item.provider === this.provider) && (!this.model || item.model === this.model),
    );
    const { order } = this;
    if (["ref", "label"].includes(order)) kept.sort((a, b) => a.item[order].localeCompare(b.item[order]));
    else if (order) kept.sort((a, b) => (b.item[order] || 0) - (a.item[order] || 0));
    return kept;
  }

  draw() {
    const { shown } = this;
    const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
    this.page = Math.min(this.page, last);
    const here = shown.slice(this.page * PAGE, (this.page + 1) * PAGE);
    const all = this.items.length;
    this.count.textContent = shown.length === all ? `${all} files` : `${shown.length} of ${all} files`;
    this.grid.replaceChildren(...here.map(({ item, index }) => this.card(item, index)));
    this.pages.hidden = last === 0;
    this.pages.replaceChildren(...Array.from({ length: last + 1 }, (_, at) => this.pageButton(at)));
  }

  pageButton(at) {
    const button = make("button", { type: "button", className: "ocl-page" }, `${at + 1}`);
    button.setAttribute("aria-label", `Page ${at + 1}`);
    if (at === this.page) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => {
      this.page = at;
      this.draw();
      this.pages.children[at].focus();
    });
    return button;
  }

  card(item, index) {
    const poster = this.poster(item, index);
    const stage = make("span", { className: "ocl-stage" }, poster, item.kind === "image" ? null : icon("play"));
    const badge = item.emulated ? make("span", { className: "ocl-badge" }, "EMULATED") : null;
    const title = make("span", { className: "ocl-title" }, make("strong", {}, item.label));
    const facts = make("span", { className: "ocl-facts" }, badge, item.facts);
    const card = make("button", { type: "button", className: "ocl-card" }, stage, title, facts);
    card.dataset.index = index;
    card.addEventListener("click", () => {
      this.show(index);
      this.closeButton.focus();
    });
    return card;
  }

  poster(item, index) {
    if (!this.posters.has(index)) this.posters.set(index, this.clips.poster(index));
    const address = this.posters.get(index);
    return address ? make("img", { src: address, alt: "" }) : make("span", { className: "ocl-none" }, item.kind);
  }

  show(index) {
    this.stopPlayer();
    this.opened = index;
    const item = this.items[index];
    this.tile = new Tile(index, item, this.clips, { toggle: () => {}, changed: () => {} });
    const { media, sound, alone, node } = this.tile;
    sound?.remove();
    alone.remove();
    if (item.kind !== "image") Object.assign(media, { controls: true, loop: true, muted: false, autoplay: true });
    this.stage.style.setProperty("--ocl-shape", shapeOf([item]));
    this.player.replaceChildren(node);
    this.stage.hidden = false;
    this.stage.scrollIntoView({ block: "nearest" });
  }

  move(step) {
    const { shown } = this;
    const at = shown.findIndex(({ index }) => index === this.opened);
    const next = shown[(at + step + shown.length) % shown.length];
    if (next) this.show(next.index);
  }

  hide() {
    const card = this.grid.querySelector(`[data-index="${this.opened}"]`);
    this.stopPlayer();
    this.stage.hidden = true;
    this.player.replaceChildren();
    this.opened = null;
    card?.focus();
  }

  stopPlayer() {
    this.tile?.media.pause?.();
    this.tile = null;
  }

  key(event) {
    if (this.opened === null || event.target.matches("video,audio,select")) return;
    const acts = {
      Escape: () => this.hide(),
      ArrowLeft: () => this.move(-1),
      ArrowRight: () => this.move(1),
    };
    if (!acts[event.key]) return;
    acts[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    this.stopPlayer();
    this.clips.close();
  }
}
