// The table of decisions that `genretag apply` carries out, and the bar that offers it.
const COLUMNS = ["genre", "kind", "name", "tracks", "before", "guess_1", "score_1", "guess_2", "score_2", "guess_3", "score_3", "folder", "files", "calibrated"];
const MOST_CHARACTERS = 30000; // of a cell that a spreadsheet takes

const folderOf = (n) => data.folders[rows.folder?.[n] ?? 0];
const join = (folder, path) => (!folder || folder.endsWith(data.separator) ? folder + path : folder + data.separator + path);
const pathOf = (n) => data.exactPaths[n] ?? join(folderOf(n), rows.path[n]);
const exactly = (place) => data.exactNames[place] ?? data.names[place];

// JSON in ASCII, which no spreadsheet changes and which has room for any bytes of a name.
const toAscii = (value) => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
// What could be a formula is none.
const quoted = (text) => `"${(/^[=+\-@\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

function commonFolder(files) {
  const [first, ...others] = files.map((n) => join(folderOf(n), rows.path[n]).split(data.separator).slice(0, -1));
  const differs = first.findIndex((part, place) => others.some((other) => other[place] !== part));
  return first.slice(0, differs < 0 ? first.length : differs).join(data.separator);
}

// Parts of a list that each fit into a cell.
function parts(files) {
  const made = [[]];
  let room = MOST_CHARACTERS;
  for (const n of files) {
    const length = toAscii(pathOf(n)).length + 2;
    if (length > room && made.at(-1).length) { made.push([]); room = MOST_CHARACTERS; }
    made.at(-1).push(n);
    room -= length;
  }
  return made;
}

function toRows([key, files]) {
  const [by, place] = key.split(" ");
  const unit = data.units[by];
  const kind = unit ? unit.kind[place] : "track", name = unit ? unit.name[place] : rows.title[place];
  const guesses = GUESSES.flatMap(([guess, score]) => {
    const found = (unit ?? rows)[guess][place];
    return found < 0 ? ["", ""] : [genre(found), ((unit ?? rows)[score][place] / 1000).toFixed(2)];
  });
  const calibrated = data.about.uncalibrated && guesses.some(Boolean) ? "False" : "";
  return parts(files).map((part) => {
    const before = new Set(part.flatMap((n) => exactly(rows.before[n]).split("; ")).filter(Boolean));
    return [decisions.made.get(key), kind, name, String(part.length), [...before].join("; "), ...guesses, commonFolder(part), toAscii(part.map(pathOf)), calibrated];
  });
}

// With a mark at its start, by which spreadsheets know UTF-8.
const toTable = () => `\ufeff${[COLUMNS, ...decisions.groups.flatMap(toRows)].map((row) => row.map(quoted).join(",")).join("\n")}\n`;

const bar = new class {
  build() {
    this.told = el("p", { role: "status" });
    this.warning = el("p", { class: "warn" }, "This browser keeps nothing for a page on a disk: export before you close or reload it.");
    this.bar = el("aside", { class: "decisions", "aria-label": "Decisions" }, el("div", {}, this.told, this.warning),
      button("Export for genretag apply", () => this.save()), button("Clear", () => this.clear()));
    document.body.append(el("datalist", { id: "choices" }, ...data.choices.map((value) => el("option", { value }))), this.bar);
    this.draw();
  }

  draw() {
    const { groups, isKept } = decisions;
    const files = groups.reduce((sum, [, own]) => sum + own.length, 0);
    this.bar.hidden = !groups.length;
    this.warning.hidden = isKept;
    this.told.textContent = `${plural(groups.length, "decision")} about ${plural(files, "file")}`;
  }

  save() {
    const url = URL.createObjectURL(new Blob([toTable()], { type: "text/csv" }));
    el("a", { href: url, download: "decisions.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    this.told.textContent += ", saved as decisions.csv: now run genretag apply decisions.csv where it is";
  }

  clear() { if (confirm(`Forget ${plural(decisions.groups.length, "decision")}? Files stay as they are.`)) decisions.clear(); }
}();
