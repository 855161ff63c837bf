// What a person decides in the page. The browser keeps it, as far as it lets a page from a disk do so.
const decisions = new class {
  constructor() {
    this.key = `genretag decisions ${data.id}`;
    this.made = new Map(); // genres by "album 12", "artist 3" or "track 7"; the last one decided is the last
    this.load();
    addEventListener("storage", ({ key }) => { if (key === this.key) { this.load(); this.show(); } });
    addEventListener("beforeunload", (event) => { if (!this.isKept && this.made.size) event.preventDefault(); });
  }

  load() {
    this.isKept = true;
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      this.made = new Map(kept.filter(([key]) => this.rowsOf(key).length));
    } catch {
      this.isKept = false;
    }
    this.spread();
  }

  decide(key, genres) {
    this.made.delete(key);
    this.made.set(key, genres);
    this.changed();
  }

  undo(key) { this.made.delete(key); this.changed(); }

  clear() { this.made.clear(); this.changed(); }

  changed() {
    this.spread();
    try {
      localStorage.setItem(this.key, JSON.stringify([...this.made]));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
    this.show();
  }

  // Which decision counts for each file: its own, or else the last of those for more tracks.
  spread() {
    this.effective = new Map();
    const isOwn = ([key]) => key.startsWith("track ");
    const made = [...this.made];
    for (const [key] of [...made.filter((one) => !isOwn(one)), ...made.filter(isOwn)]) {
      for (const n of this.rowsOf(key)) this.effective.set(n, key);
    }
  }

  // The files that a decision is for: those that it settles, or else all that it could change.
  rowsOf(key) {
    const [by, place] = [key.split(" ")[0], Number(key.split(" ")[1])];
    if (by === "track") return rows.path[place] !== undefined && status(place) !== FAILED ? [place] : [];
    const members = data.units[by]?.members[place] ?? [], settled = data.units[by]?.settled[place];
    return Array.isArray(settled) ? settled : members;
  }

  // The files of each decision that counts for any.
  get groups() {
    const groups = new Map([...this.made.keys()].map((key) => [key, []]));
    for (const [n, key] of this.effective) groups.get(key).push(n);
    return [...groups].filter(([, files]) => files.length);
  }

  show() {
    for (const cell of document.querySelectorAll(".decide")) cell.draw();
    bar.draw();
  }
}();
