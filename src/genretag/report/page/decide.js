// Controls to decide a genre: for an album, for an artist or for a track.
const GUESSES = [["best", "score"], ["next", "nextScore"], ["third", "thirdScore"]];
const MOST_GENRES = 20; // as `genretag apply` takes them
// What scan would write for a genre of the model.
const written = (place) => data.written[place] ?? data.genres[place];
const guessesOf = (columns, place) => GUESSES.map(([name, score]) => [columns[name][place], columns[score][place]]).filter(([name, score]) => name >= 0 && score >= 10);

// Returns the genres that somebody typed as they are written, or throws what is wrong with them.
function readGenres(text) {
  const typed = text.split(";").map((name) => name.trim().split(/\s+/u).join(" ")).filter(Boolean);
  const fold = (name) => name.normalize("NFC").toLowerCase();
  if (!typed.length) throw new Error("Type a genre first.");
  if (typed.length > MOST_GENRES) throw new Error(`More than ${MOST_GENRES} genres are too many.`);
  if (new Set(typed.map(fold)).size < typed.length) throw new Error("A genre is given twice.");
  for (const name of typed) {
    if ([...name].length > data.longestName) throw new Error(`A genre may have ${data.longestName} characters.`);
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) throw new Error(`“${name}” has characters that nobody sees.`);
    if (!/\p{L}/u.test(name)) throw new Error(`“${name}” has no letter.`);
    if (data.placeholders.includes(fold(name).replace(/[^\p{L}\p{N}]/gu, ""))) throw new Error(`“${name}” counts as no genre.`);
  }
  return typed.join("; ");
}

// A cell that shows what is decided, or asks. A brief one asks once somebody wants to decide.
function decide(key, guesses, label, isBrief = false) {
  // A click in it does nothing to the row around it.
  const cell = el("div", { class: "decide", onclick: (event) => event.stopPropagation() });
  let isOpen = !isBrief, drawn = null;
  const redraw = (change) => { change(); cell.draw(); cell.querySelector("button")?.focus(); };
  const choose = (genres) => redraw(() => decisions.decide(key, genres));
  const isFor = plural(decisions.rowsOf(key).length, "track");

  const made = () => [
    el("span", { class: "decided", dir: "auto" }, decisions.made.get(key)),
    el("span", { class: "small" }, isBrief ? "" : ` for ${isFor}`),
    button("Undo", () => redraw(() => decisions.undo(key)), { "aria-label": `Undo the decision for ${label}` }),
  ];

  const asked = () => {
    const wrong = el("div", { class: "warn", role: "alert" });
    const input = el("input", { list: "choices", placeholder: "another genre", "aria-label": `Another genre for ${label}`, autocomplete: "off", maxlength: "2000" });
    const set = () => { try { choose(readGenres(input.value)); } catch (error) { wrong.textContent = error.message; } };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // or it presses the button that is focused next
      set();
    });
    return [
      ...guesses.map(([place, score]) => button(`${genre(place)} ${percent(score)}`, () => choose(written(place)), { title: `Decide ${written(place)} for ${isFor}` })),
      el("span", { class: "typed" }, input, button("Set", set, { "aria-label": `Set another genre for ${label}` })),
      wrong,
    ];
  };

  const broader = () => {
    const other = isBrief ? decisions.effective.get(Number(key.split(" ")[1])) : undefined;
    return other && other !== key ? `${decisions.made.get(other)}, with its ${other.split(" ")[0]}` : "";
  };

  cell.draw = () => {
    const wanted = JSON.stringify([decisions.made.get(key), isOpen, broader()]);
    if (wanted === drawn) return; // somebody may be typing there
    drawn = wanted;
    const closed = () => [button("Decide", () => redraw(() => { isOpen = true; }), { "aria-label": `Decide ${label}` })];
    const small = broader() ? [el("span", { class: "decided", dir: "auto" }, broader())] : [];
    cell.replaceChildren(...(decisions.made.has(key) ? made() : [...small, ...(isOpen ? asked() : closed())]));
  };
  cell.draw();
  return cell;
}

const decideTrack = (n) => (status(n) === FAILED ? "" : decide(`track ${n}`, guessesOf(rows, n), rows.title[n], true));
