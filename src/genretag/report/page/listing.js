// A table with a search, filters, an order and pages. Its items are numbers, in the order in which they are shown at first.
class Listing {
  // columns: heading, value to sort by, content of the cell; filters: key, label, test.
  constructor(id, word, size, columns, filters) {
    Object.assign(this, { id, word, size, columns, filters, filter: "all", words: "", column: null, falling: false, page: 0, found: [], searched: null, printing: false });
  }

  build(title, hint, caption, first, ...controls) {
    const labelled = (label, control) => el("label", { for: control.id }, label, control);
    const button = (label, step) => el("button", { type: "button", onclick: () => this.turn(step) }, label);
    this.search = el("input", { type: "search", id: `${this.id}-search`, autocomplete: "off", oninput: () => { this.words = this.search.value; this.restart(); } });
    this.select = el("select", { id: `${this.id}-filter`, onchange: () => this.choose(this.select.value, false) }, ...this.filters.map(([key, label]) => el("option", { value: key }, key === "all" ? `all ${label}` : label)));
    this.order = el("select", { id: `${this.id}-order`, onchange: () => this.sort(Number(this.order.value)) }, el("option", { value: "-1" }, first), ...this.columns.map(([label], place) => el("option", { value: String(place) }, label)));
    this.heads = this.columns.map(([label], place) => column(label, el("button", { type: "button", onclick: () => this.sort(place) }, label)));
    this.body = el("tbody");
    this.told = el("p", { role: "status", class: "small" });
    [this.back, this.on] = [button("Previous page", -1), button("Next page", 1)];
    section(this.id, title, hint,
      el("div", { class: "controls" }, ...controls, labelled("Search", this.search), labelled("Show", this.select), labelled("Sort by", this.order)),
      this.told, el("table", { class: "rows" }, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...this.heads)), this.body),
      el("div", { class: "pages" }, this.back, this.on));
    this.update();
  }

  restart() { this.page = 0; this.update(); }

  choose(filter, move = true) {
    this.filter = this.select.value = filter;
    this.restart();
    if (!move) return;
    const at = document.getElementById(this.id);
    at.tabIndex = -1;
    at.focus({ preventScroll: true });
    at.scrollIntoView();
  }

  sort(place) {
    this.falling = this.column === place && !this.falling;
    this.column = place < 0 ? null : place;
    this.order.value = String(place);
    this.restart();
  }

  turn(step) { this.page += step; this.update(); document.getElementById(this.id).scrollIntoView(); }

  print(printing) { this.printing = printing; this.update(); }

  get test() { return this.filters.find(([key]) => key === this.filter); }

  matches() {
    // Lower case of everything, made once, when somebody first searches.
    this.searched ??= this.items().map((n) => this.texts(n).join("\n").toLowerCase());
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const [, , test] = this.test;
    return this.items().filter((n) => test(n) && words.every((word) => this.searched[n].includes(word)));
  }

  sorted(found) {
    if (this.column === null) return found;
    const [, value] = this.columns[this.column], sign = this.falling ? -1 : 1;
    const order = new Intl.Collator(undefined, { numeric: true });
    const values = new Map(found.map((n) => [n, value(n)]));
    return found.sort((a, b) => {
      const [one, other] = [values.get(a), values.get(b)];
      return sign * (typeof one === "number" ? one - other : order.compare(one, other)) || a - b;
    });
  }

  // On paper nothing else says it.
  asked() {
    const [, label] = this.test;
    return (this.filter === "all" ? "" : `, ${label}`) + (this.words.trim() ? `, with “${this.words.trim()}”` : "");
  }

  // The rows of one item.
  render(n) { return [cells(this.columns.map(([label]) => label), this.columns.map(([, , show]) => show(n)))]; }

  update() {
    this.found = this.sorted(this.matches());
    const pages = Math.max(1, Math.ceil(this.found.length / this.size));
    this.page = Math.max(0, Math.min(this.page, pages - 1));
    const first = this.printing ? 0 : this.page * this.size;
    const part = this.found.slice(first, first + (this.printing ? PRINTED : this.size));
    this.body.replaceChildren(...part.flatMap((n) => this.render(n)));
    this.heads.forEach((head, place) => head.setAttribute("aria-sort", place !== this.column ? "none" : this.falling ? "descending" : "ascending"));
    this.told.textContent = plural(this.found.length, this.word) + this.asked() +
      (part.length < this.found.length ? `, ${first + 1} to ${first + part.length} shown` : "");
    this.back.disabled = this.page === 0;
    this.on.disabled = this.page === pages - 1;
  }
}
