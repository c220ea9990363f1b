// The front end of DropZone: one part at a time, the next when the last was acknowledged.
const SLOW_MS = 4000;

function sizeText(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

// One file on its way: its line with the bar, and where it stands.
class Upload {
  constructor(model, file, list) {
    this.id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    this.model = model;
    this.file = file;
    this.index = 0;
    this.sent = 0;
    this.row = make("li", "ocs-upload");
    this.row.append(make("span", "ocs-upload-name", file.name));
    this.bar = make("progress");
    this.bar.max = file.size || 1;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", `Upload of ${file.name}`);
    this.told = make("span", "ocs-upload-told", "waiting");
    this.stop = make("button", "ocs-upload-stop", "×");
    this.stop.type = "button";
    this.stop.title = `Stop the upload of ${file.name}`;
    this.stop.setAttribute("aria-label", this.stop.title);
    this.stop.onclick = () => this.abort();
    this.row.append(this.bar, this.told, this.stop);
    list.append(this.row);
  }

  start() {
    const { name, size, type } = this.file;
    this.send({ say: "open", name, size, media_type: type });
  }

  send(message, buffers) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.told.textContent = "waiting for the kernel, which may be running a cell";
    }, SLOW_MS);
    this.model.send({ id: this.id, ...message }, undefined, buffers);
  }

  async heard(message) {
    clearTimeout(this.timer);
    if (message.say === "refused") return this.refuse(message.reason);
    if (message.say === "ack") {
      this.sent = message.received;
      this.index += 1;
      this.bar.value = this.sent;
    }
    this.told.textContent = `${sizeText(this.sent)} of ${sizeText(this.file.size)}`;
    if (this.sent >= this.file.size) return this.end();
    const end = this.sent + this.model.get("part_bytes");
    let part;
    try {
      part = await this.file.slice(this.sent, end).arrayBuffer();
    } catch (error) {
      this.model.send({ say: "abort", id: this.id });
      return this.refuse(`${this.file.name} cannot be read: ${error.message}`);
    }
    if (!this.over) this.send({ say: "part", index: this.index }, [part]);
  }

  abort() {
    if (!this.over) this.model.send({ say: "abort", id: this.id });
    this.end();
  }

  end() {
    this.over = true;
    clearTimeout(this.timer);
    this.row.remove();
    this.onend?.();
  }

  refuse(reason) {
    this.over = true;
    clearTimeout(this.timer);
    this.row.classList.add("ocs-refused");
    this.row.setAttribute("role", "alert");
    this.bar.remove();
    this.told.textContent = reason;
    this.stop.title = `Dismiss the message about ${this.file.name}`;
    this.stop.setAttribute("aria-label", this.stop.title);
    this.onend?.();
  }
}

function render({ model, el }) {
  const zone = make("div", "ocs-drop");
  const choose = make("button", "ocs-drop-choose");
  choose.type = "button";
  const input = make("input");
  input.type = "file";
  input.multiple = true;
  input.hidden = true;
  const list = make("ul", "ocs-uploads");
  list.setAttribute("aria-label", "Uploads");
  zone.append(choose, input, list);
  el.append(zone);

  const invite = () => {
    choose.textContent = model.get("invitation");
    input.accept = model.get("accept");
  };
  invite();
  model.on("change:invitation change:accept", invite);

  const uploads = new Map();
  const waiting = [];
  let active = null;

  const next = () => {
    active = waiting.shift() ?? null;
    active?.start();
  };
  const take = (files) => {
    for (const file of files) {
      const upload = new Upload(model, file, list);
      uploads.set(upload.id, upload);
      upload.onend = () => {
        if (upload === active) next();
        else if (waiting.includes(upload)) waiting.splice(waiting.indexOf(upload), 1);
      };
      waiting.push(upload);
    }
    if (!active) next();
  };
  const type = (text) => {
    for (const line of text.split(/\r?\n/)) {
      if (!line.trim() || line.startsWith("#")) continue;
      const id = `text-${Math.random().toString(36).slice(2)}`;
      uploads.set(id, { heard: (message) => message.say === "refused" && refuseText(line, message) });
      model.send({ say: "text", id, text: line.trim() });
    }
  };
  const refuseText = (line, message) => {
    const name = line.length > 60 ? `${line.slice(0, 59)}…` : line;
    new Upload(model, { name, size: 0 }, list).refuse(message.reason);
  };

  const heard = (message) => uploads.get(message.id)?.heard(message);
  model.on("msg:custom", heard);

  choose.onclick = () => input.click();
  input.onchange = () => {
    take(input.files);
    input.value = "";
  };
  const over = (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.add("ocs-over");
  };
  zone.addEventListener("dragenter", over);
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("ocs-over");
  });
  const receive = (event, data) => {
    if (!data) return;
    event.preventDefault();
    event.stopPropagation();
    zone.classList.remove("ocs-over");
    if (data.files.length) take(data.files);
    else type(data.getData("text/uri-list") || data.getData("text/plain"));
  };
  zone.addEventListener("drop", (event) => receive(event, event.dataTransfer));
  zone.addEventListener("paste", (event) => receive(event, event.clipboardData));

  return () => {
    model.off("msg:custom", heard);
    model.off("change:invitation change:accept", invite);
    for (const upload of uploads.values()) upload.abort?.();
  };
}

export default { render };
