// A table with a search, filters, an order and pages. Its items are numbers, in the order in which they are shown at first.
const narrow = matchMedia("(max-width: 46rem)");

class Listing {
  // sizes: rows of a page on a wide screen and on a narrow one; columns: heading, value to sort by, content of the cell; filters: key, label, test, the first at first.
  constructor(id, word, sizes, columns, filters) {
    Object.assign(this, { id, word, sizes, columns, filters, filter: filters[0][0], words: "", column: null, falling: false, page: 0, found: [], searched: null, printing: false });
    narrow.addEventListener("change", () => this.restart());
  }

  get size() { return this.sizes[narrow.matches ? 1 : 0]; }

  build(title, hint, caption, first, ...controls) {
    const labelled = (label, control) => el("label", { for: control.id }, label, control);
    this.search = el("input", { type: "search", id: `${this.id}-search`, autocomplete: "off", oninput: () => { this.words = this.search.value; this.restart(); this.remember(true); } });
    this.select = el("select", { id: `${this.id}-filter`, onchange: () => this.choose(this.select.value, false) }, ...this.filters.map(([key, label]) => el("option", { value: key }, key === "all" ? `all ${label}` : label)));
    this.order = el("select", { id: `${this.id}-order`, onchange: () => this.sort(Number(this.order.value)) }, el("option", { value: "-1" }, first), ...this.columns.map(([label, value], place) => (value ? el("option", { value: String(place) }, label) : null)));
    this.heads = this.columns.map(([label, value], place) => column(label, value ? button(label, () => this.sort(place)) : label));
    this.body = el("tbody");
    this.table = el("table", { class: "rows" }, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...this.heads)), this.body);
    this.told = el("p", { role: "status", class: "small" });
    [this.back, this.on] = [button("Previous page", () => this.turn(-1)), button("Next page", () => this.turn(1))];
    section(this.id, title, hint,
      el("div", { class: "controls" }, ...controls, labelled("Search", this.search), labelled("Show", this.select), labelled("Sort by", this.order)),
      this.told, this.table,
      el("div", { class: "pages" }, this.back, this.on));
  }

  restart() { this.page = 0; this.update(); }

  remember(isTyping = false) { address.remember(this.id, isTyping); }

  choose(filter, move = true) {
    this.filter = filter;
    this.restart();
    this.remember();
    if (move) address.show();
  }

  sort(place) {
    this.falling = this.column === place && !this.falling;
    this.column = place < 0 ? null : place;
    this.restart();
    this.remember();
  }

  turn(step) {
    this.page += step;
    this.update();
    this.remember();
    address.show();
  }

  // What the address keeps: all that is not as at first.
  get state() {
    const order = this.column === null ? "" : this.columns[this.column][0] + (this.falling ? " falling" : "");
    const all = [["show", this.filter === this.filters[0][0] ? "" : this.filter], ["search", this.words.trim()], ["sort", order], ["page", this.page ? String(this.page + 1) : ""]];
    return all.filter(([, value]) => value);
  }

  restore(get) {
    const [order, falling] = (get("sort") ?? "").split(" ");
    const column = this.columns.findIndex(([label, value]) => value && label === order);
    const filter = this.filters.find(([key]) => key === get("show")) ?? this.filters[0];
    Object.assign(this, { filter: filter[0], words: get("search") ?? "", column: column < 0 ? null : column, falling: falling === "falling", page: (Number.parseInt(get("page"), 10) || 1) - 1 });
    if (this.search.value.trim() !== this.words) this.search.value = this.words;
    this.update();
  }

  print(printing) { this.printing = printing; this.update(); }

  get test() { return this.filters.find(([key]) => key === this.filter); }

  matches() {
    // Lower case of everything, made once, when somebody first searches.
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) this.searched ??= this.items().map((n) => this.texts(n).join("\n").toLowerCase());
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
    [this.select.value, this.order.value] = [this.filter, String(this.column ?? -1)];
    this.told.textContent = plural(this.found.length, this.word) + this.asked() +
      (part.length < this.found.length ? `, ${first + 1} to ${first + part.length} shown` : "");
    this.back.disabled = this.page === 0;
    this.on.disabled = this.page === pages - 1;
    this.back.parentNode.hidden = pages === 1;
    this.table.hidden = !part.length;
  }
}
