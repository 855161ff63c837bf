// Albums and artists: what contradicts itself comes first, then what is in doubt.

const REASONS = {
  tags: () => "tags differ",
  sound: (unit) => `sounds like ${genre(unit.sound)} ${percent(unit.soundScore)}`,
  apart: () => "some tracks keep another genre",
  below: () => "just below the threshold",
  close: (unit) => `${genre(unit.best)} and ${genre(unit.next)} nearly equal`,
};

// How many tracks have each value of a column, the commonest first.
function tally(members, value) {
  const counts = new Map();
  for (const n of members) counts.set(value(n), (counts.get(value(n)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

const counted = (members, column) => tally(members, (n) => names(n, column) || "no genre").map(([name, files]) => `${name}\u00a0${number(files)}`);

const units = new class extends Listing {
  constructor() {
    const shown = (counts) => counts.slice(0, 4).join(", ") + (counts.length > 4 ? `, ${counts.length - 4} more` : "");
    const before = (u) => shown(counted(this.list.members[u], "before"));
    const after = (u) => shown(counted(this.list.members[u], "after"));
    const sources = (u) => tally(this.list.members[u], source).map(([name]) => name).join(", ");
    super("units", "album", 25, [
      ["Name", (u) => this.list.name[u], (u) => this.opener(u)],
      ["Why", (u) => u, (u) => this.why(u)],
      ["Tracks", (u) => this.list.members[u].length, (u) => number(this.list.members[u].length)],
      ["Before", before, before],
      ["After", after, after],
      ["Score", (u) => this.list.score[u], (u) => this.scores(u)],
      ["Source", sources, sources],
    ], [
      ["all", "of them", () => true],
      ["contradictory", "contradictory", (u) => this.list.contradicts[u] === 1],
      ["doubtful", "doubtful", (u) => !this.list.contradicts[u] && this.list.reasons[u].length > 0],
      ["changed", "would change", (u) => this.list.members[u].some((n) => rows.before[n] !== rows.after[n])],
    ]);
    this.by = this.word = data.about.by === "artist" ? "artist" : "album";
    this.opened = new Set();
  }

  get list() { return data.units[this.by]; }

  items() { return this.list.name.map((_, u) => u); }

  texts(u) {
    const { name, members } = this.list;
    return [name[u], this.place(u), this.reasons(u), ...["before", "after"].flatMap((column) => counted(members[u], column))];
  }

  build() {
    this.switch = el("select", { id: "units-by", onchange: () => this.group(this.switch.value) },
      ...["album", "artist"].map((by) => el("option", { value: by, selected: by === this.by ? "" : null }, by)));
    super.build("Albums and artists",
      "Contradictory ones come first: tracks have different genres in their tags, or keep another genre than the others, or the model is sure of another genre than the tags say. Then those in doubt. Choose a name to see its tracks.",
      "Albums or artists with two tracks or more", "what to look at first",
      el("label", { for: "units-by" }, "Group by", this.switch));
  }

  group(by) {
    this.by = this.word = by;
    this.searched = null;
    this.opened.clear();
    this.restart();
  }

  // The row of a unit as an object.
  unit(u) { return Object.fromEntries(Object.entries(this.list).map(([key, column]) => [key, column[u]])); }

  reasons(u) { return this.list.reasons[u].map((reason) => REASONS[reason](this.unit(u))).join("; "); }

  why(u) {
    if (!this.list.reasons[u].length) return "";
    return twoLines(this.list.contradicts[u] ? el("span", { class: "warn" }, "contradictory") : "doubtful", this.reasons(u));
  }

  scores(u) {
    const { best, score, next, nextScore } = this.unit(u);
    return best < 0 ? "silent" : twoLines(`${genre(best)} ${percent(score)}`, nextScore < 10 ? "" : `next ${genre(next)} ${percent(nextScore)}`);
  }

  // What tells albums of one name apart.
  place(u) {
    const { kind, members } = this.unit(u);
    const songs = kind === this.by ? "" : `songs by one ${kind} in `;
    return this.by === "artist" ? "" : songs + rows.path[members[0]].split(/[/\\]/).slice(0, -1).join("/");
  }

  opener(u) {
    const button = el("button", { type: "button", class: "opener", "aria-expanded": String(this.opened.has(u)) }, el("span", { dir: "auto" }, this.list.name[u]));
    return twoLines(button, this.place(u));
  }

  render(u) {
    const [made] = super.render(u);
    made.className = "unit";
    // The button is for keys; a click anywhere in the row does the same, but one that selects text.
    made.addEventListener("click", (event) => {
      if (event.target.closest("button") || !getSelection().toString()) this.toggle(u, made);
    });
    return this.opened.has(u) ? [made, this.members(u)] : [made];
  }

  toggle(u, made) {
    const opens = !this.opened.has(u);
    this.opened[opens ? "add" : "delete"](u);
    if (opens) made.after(this.members(u));
    else made.nextSibling.remove();
    made.querySelector("button").setAttribute("aria-expanded", String(opens));
  }

  members(u) {
    const heads = ["Track", "Before", "After", "Score", "Source", "File"];
    const found = this.list.members[u], more = found.length - PRINTED;
    const body = found.slice(0, PRINTED).map((n) => cells(heads, [track(n), names(n, "before"), names(n, "after"), scores(n), source(n), rows.path[n]]));
    return el("tr", { class: "members" }, el("td", { colspan: String(this.columns.length) },
      table(heads, body), more > 0 ? el("p", {}, `And ${plural(more, "more file")}: see the table of all tracks.`) : null));
  }
}();
