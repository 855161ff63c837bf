function themes() {
  const toggle = document.getElementById("theme");
  const changed = () => { toggle.textContent = isDark() ? "Light colours" : "Dark colours"; if (chart) chart.draw(); };
  toggle.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; changed(); });
  prefersDark.addEventListener("change", changed);
  changed();
}

function print(printing) {
  for (const listing of address.listings) listing.print(printing);
  if (chart) chart.draw();
  for (const more of document.querySelectorAll("details")) more.open = printing;
}

about();
bar.build();
if (count) {
  numbers();
  distribution();
  const listings = units.items().length ? [units, tracks] : [tracks];
  if (listings.includes(units)) units.build();
  failures();
  confidence();
  timelines();
  map();
  tracks.build("All tracks", "Search in titles, artists, genres and paths; choose a heading to sort by it. Source says what decided: heard is its own sound; album and artist, the sound of all its tracks; library, genres that you gave others of them; you, what you decided with genretag; tags, that it keeps what it has.",
    "Files of the library", "as found");
  address.start(listings);
} else {
  document.querySelector("nav").hidden = true;
}
themes();
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
document.documentElement.dataset.drawn = "yes";
