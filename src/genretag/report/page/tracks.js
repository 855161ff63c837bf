const tracks = new class extends Listing {
  constructor() {
    super("tracks", "file", [PAGE, 20], [
      ["Title", (n) => rows.title[n], track],
      ["Status", status, status],
      ["Score", (n) => rows.score[n], scores],
      ["Source", source, source],
      ["Before", (n) => names(n, "before"), (n) => names(n, "before")],
      ["After", (n) => names(n, "after"), (n) => names(n, "after")],
      ["File", (n) => rows.path[n], (n) => rows.path[n]],
      ["Decide", null, decideTrack],
    ], FILTERS);
    this.marked = null;
  }

  items() { return all(); }

  texts(n) { return [rows.title[n], rows.artist[n], rows.path[n], names(n, "before"), names(n, "after"), genre(rows.best[n])]; }

  render(n) {
    const made = super.render(n);
    if (n === this.marked) made[0].className = "found";
    return made;
  }

  update() {
    super.update();
    for (const tile of document.querySelectorAll("[data-filter]")) tile.setAttribute("aria-pressed", String(tile.dataset.filter === this.filter));
  }

  find(n) {
    Object.assign(this, { words: "", filter: "all", marked: n });
    this.search.value = "";
    this.update();
    this.page = Math.floor(this.found.indexOf(n) / this.size);
    this.update();
    this.remember();
    const row = this.body.querySelector(".found");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  }
}();
