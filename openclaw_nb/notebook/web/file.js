// The clips of a page that stands alone: everything is in the page.

class FileClips {
  constructor({ items, curves }) {
    Object.assign(this, { items, curves });
  }

  poster(index) {
    const { poster } = this.items[index];
    return poster ? addressOf(decoded(poster), "image/jpeg") : "";
  }

  async address(index) {
    const { data, type } = this.items[index];
    return data ? addressOf(decoded(data), type) : null;
  }

  async preview() {
    return null;
  }

  async curve(first, second) {
    return this.curves[`${first} ${second}`] ?? null;
  }

  close() {}
}

function decoded(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function open(View) {
  const data = JSON.parse(document.getElementById("data").textContent);
  return new View(document.getElementById("view"), new FileClips(data));
}
