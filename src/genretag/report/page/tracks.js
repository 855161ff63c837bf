const tracks = new class extends Listing {
  constructor() {
    super("tracks", "file", PAGE, [
      ["Title", (n) => rows.title[n], track],
      ["Status", (n) => rows.status[n], (n) => rows.status[n]],
      ["Score", (n) => rows.score[n], scores],
      ["Source", source, source],
      ["Before", (n) => names(n, "before"), (n) => names(n, "before")],
      ["After", (n) => names(n, "after"), (n) => names(n, "after")],
      ["File", (n) => rows.path[n], (n) => rows.path[n]],
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
    for (const button of document.querySelectorAll("[data-filter]")) button.setAttribute("aria-pressed", String(button.dataset.filter === this.filter));
  }

  find(n) {
    this.words = this.search.value = "";
    this.filter = this.select.value = "all";
    this.marked = n;
    this.update();
    this.page = Math.floor(this.found.indexOf(n) / PAGE);
    this.update();
    const row = this.body.querySelector(".found");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  }
}();
