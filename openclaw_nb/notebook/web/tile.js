// One clip with its label, facts and buttons.

class Tile {
  constructor(index, item, clips, act) {
    Object.assign(this, { index, item, clips, act, failed: false });
    this.media = this.player();
    this.note = make("div", { className: "ocl-note", hidden: true });
    this.stage = make("div", { className: "ocl-stage" }, this.media, this.note);
    this.sound = item.sound
      ? iconButton("muted", `Sound of ${item.label}`, () => act.hear(index))
      : null;
    this.alone = iconButton("alone", `Show ${item.label} alone`, () => act.solo(index));
    this.node = make("figure", { className: "ocl-tile" }, this.stage, this.caption());
    this.stage.addEventListener("click", () => act.toggle());
    this.load();
  }

  player() {
    const { kind, label } = this.item;
    if (kind === "image") {
      const image = make("img", { alt: label });
      image.addEventListener("load", () => this.act.changed());
      image.addEventListener("error", () => this.retry());
      return image;
    }
    const media = make(kind, { muted: true, preload: "metadata", "aria-label": label });
    media.playsInline = true;
    if (kind === "video") media.poster = this.clips.poster(this.index);
    media.addEventListener("error", () => this.retry());
    media.addEventListener("loadedmetadata", () => {
      // A browser may play the sound of a file whose pictures it cannot read.
      if (kind === "video" && media.videoWidth === 0) this.retry();
    });
    return media;
  }

  caption() {
    const { label, facts, emulated } = this.item;
    const badge = emulated ? make("span", { className: "ocl-badge" }, "EMULATED") : null;
    const title = make("strong", {}, label);
    const row = make("div", { className: "ocl-title" }, title, this.sound, this.alone);
    return make("figcaption", {}, row, make("div", { className: "ocl-facts" }, badge, facts));
  }

  async load() {
    const address = await this.clips.address(this.index);
    if (address) this.media.src = address;
    else this.retry();
  }

  // The file is out of reach, or in a form that this browser does not play.
  async retry() {
    if (this.retried) return this.fail();
    this.retried = true;
    this.tell("Loading a preview …");
    const address = await this.clips.preview(this.index);
    this.tell("");
    if (address) this.media.src = address;
    else this.fail();
  }

  fail() {
    if (this.failed) return;
    this.failed = true;
    this.tell("This clip cannot be played here");
    this.act.changed();
  }

  tell(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  hears(heard) {
    if (!this.sound) return;
    this.media.muted = !heard;
    this.sound.replaceChildren(icon(heard ? "heard" : "muted"));
    this.sound.setAttribute("aria-pressed", String(heard));
  }

  shows(alone, hidden) {
    this.node.hidden = hidden;
    this.alone.setAttribute("aria-pressed", String(alone));
  }
}
