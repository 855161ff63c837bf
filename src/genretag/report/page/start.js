function themes() {
  const button = document.getElementById("theme");
  const changed = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; if (chart) chart.draw(); };
  button.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; changed(); });
  prefersDark.addEventListener("change", changed);
  changed();
}

function print(printing) {
  for (const listing of [units, tracks]) listing.print(printing);
  if (chart) chart.draw();
  for (const more of document.querySelectorAll("details")) more.open = printing;
}

about();
numbers();
distribution();
units.build();
confidence();
disagreements();
unsure();
failures();
timelines();
map();
tracks.build("All tracks", "Search in titles, artists, genres and paths; choose a heading to sort by it. Source says what decided: heard is its own sound; album and artist, the sound of all its tracks; library, genres that you gave others of them; tags, that it keeps what it has.",
  "Files of the library", "as found");
themes();
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
document.documentElement.dataset.drawn = "yes";
