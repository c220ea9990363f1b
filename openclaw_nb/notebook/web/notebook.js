// A notebook's clips: from the notebook's own server by their addresses, else from the kernel.

// What the kernel is asked for goes out once; whoever asked gets the answer when it comes.
class Asking {
  constructor(model) {
    this.model = model;
    this.waiting = new Map();
    this.hear = (message, buffers) => this.answered(message, buffers || []);
    model.on("msg:custom", this.hear);
  }

  ask(want, parameters = {}) {
    const key = JSON.stringify([want, parameters]);
    if (!this.waiting.has(key)) {
      let done;
      const answer = new Promise((resolve) => (done = resolve));
      this.waiting.set(key, { answer, done });
      this.model.send({ want, key, ...parameters });
    }
    return this.waiting.get(key).answer;
  }

  answered(message, buffers) {
    this.waiting.get(message?.key)?.done({ ...message, bytes: buffers[0] });
  }

  close() {
    this.model.off("msg:custom", this.hear);
  }
}

class NotebookClips {
  constructor(model) {
    this.model = model;
    this.asking = new Asking(model);
    this.made = [];
  }

  get items() {
    return this.model.get("items");
  }

  poster(index) {
    const bytes = this.items[index].poster;
    return bytes ? this.keep(addressOf(bytes, "image/jpeg")) : "";
  }

  async address(index) {
    const { link } = this.items[index];
    if (!link) return null;
    const manager = this.model.widget_manager;
    try {
      return manager?.resolveUrl ? await manager.resolveUrl(link) : link;
    } catch {
      return null;
    }
  }

  async preview(index) {
    const { bytes, type } = await this.asking.ask("preview", { index });
    return bytes ? this.keep(addressOf(bytes, type)) : null;
  }

  async curve(first, second) {
    return (await this.asking.ask("curve", { first, second })).curve;
  }

  keep(address) {
    this.made.push(address);
    return address;
  }

  close() {
    this.asking.close();
    this.made.forEach((address) => URL.revokeObjectURL(address));
  }
}
