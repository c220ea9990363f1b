// Several players on one time. The longest leads; whoever is off is moved to it.

const TICK_MS = 200;
const DRIFT_SECONDS = 0.12;
const CAN_PLAY = 3; // HTMLMediaElement.HAVE_FUTURE_DATA

class Clock {
  constructor(onChange) {
    this.players = [];
    this.playing = false;
    this.loops = true;
    this.rate = 1;
    this.onChange = onChange;
    this.target = null;
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  add(player) {
    this.players.push(player);
    player.addEventListener("ended", () => this.ended(player));
    player.addEventListener("seeked", () => this.sought());
    player.addEventListener("canplay", () => this.tick());
    player.addEventListener("loadedmetadata", () => this.joined(player));
  }

  joined(player) {
    player.playbackRate = this.rate;
    this.place(player, this.time);
    this.onChange();
  }

  get ready() {
    return this.players.filter((player) => player.duration > 0 && !player.error);
  }

  get leader() {
    return this.ready.reduce((a, b) => (a && a.duration >= b.duration ? a : b), null);
  }

  get duration() {
    return this.leader?.duration || 0;
  }

  get time() {
    return this.target ?? this.leader?.currentTime ?? 0;
  }

  play() {
    this.playing = true;
    for (const player of this.players) {
      player.preload = "auto";
      if (player.readyState === 0) player.load();
    }
    if (this.time >= this.duration - 0.05) this.seek(0);
    this.tick();
    this.onChange();
  }

  pause() {
    this.playing = false;
    this.players.forEach((player) => player.pause());
    this.onChange();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  setRate(rate) {
    this.rate = rate;
    this.players.forEach((player) => (player.playbackRate = rate));
    this.onChange();
  }

  // While a seek is under way only the newest target is remembered.
  seek(time) {
    const busy = this.target !== null;
    this.target = Math.min(Math.max(0, time), this.duration);
    if (!busy) this.apply();
    this.onChange();
  }

  apply() {
    const going = this.target;
    this.going = going;
    this.ready.forEach((player) => this.place(player, going));
    this.sought();
  }

  place(player, time) {
    const last = Math.max(0, player.duration - 0.001);
    if (player.duration > 0) player.currentTime = Math.min(time, last);
  }

  sought() {
    if (this.target === null || this.ready.some((player) => player.seeking)) return;
    if (this.target !== this.going) {
      this.apply();
      return;
    }
    this.target = null;
    this.tick();
    this.onChange();
  }

  step(frames, fps) {
    this.pause();
    const frame = Math.floor(this.time * fps + 0.01) + frames;
    this.seek((frame + 0.5) / fps);
  }

  ended(player) {
    if (player !== this.leader || !this.playing) return;
    if (this.loops) {
      this.seek(0);
    } else {
      this.pause();
    }
  }

  tick() {
    if (!this.playing || this.target !== null || !this.leader) return;
    const now = this.leader.currentTime;
    const going = this.ready.filter((player) => this.follows(player, now));
    const waits = going.some((player) => player.readyState < CAN_PLAY);
    for (const player of going) {
      if (waits && player.readyState >= CAN_PLAY) player.pause();
      else if (player.paused) player.play().catch(() => this.refused(player));
    }
  }

  // Moves a player that is off; false for one whose clip is over.
  follows(player, now) {
    if (player === this.leader) return !player.ended;
    if (now >= player.duration - 0.05) {
      if (!player.paused) player.pause();
      return false;
    }
    if (!player.seeking && Math.abs(player.currentTime - now) > DRIFT_SECONDS) {
      player.currentTime = now;
    }
    return true;
  }

  // A page may refuse sound before the first click; pictures play on.
  refused(player) {
    if (!this.playing || player.muted || !player.paused) return;
    player.muted = true;
    this.onChange();
  }

  close() {
    clearInterval(this.timer);
    this.pause();
    for (const player of this.players) {
      player.removeAttribute("src");
      player.load();
    }
  }
}
