"""The plugin in the real beets: what an import and `beet genretag` leave in library and files."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import toy_model
from audio_files import RECIPES, encode, tone
from toy_model import HIGH_HZ, LOW_HZ, MANIFEST, POOLING

from genretag import Tagger

taglib = pytest.importorskip("taglib")
Library = pytest.importorskip("beets.library").Library

PLUGIN = Path(__file__).parents[2] / "src" / "beetsplug" / "genretag.py"

MIXED = (LOW_HZ, HIGH_HZ)
"""A little more Low than High: by itself no genre reaches the threshold."""

AUTOTAGGER = '''
from beets.autotag import AlbumInfo, TrackInfo
from beets.metadata_plugins import MetadataSourcePlugin

class Somebody(MetadataSourcePlugin):
    """Knows any album, as one by Somebody."""

    def candidates(self, items, artist, album, va_likely):
        tracks = [
            TrackInfo(title=item.title, track_id=item.title, index=n, length=item.length)
            for n, item in enumerate(items, start=1)
        ]
        return [AlbumInfo(tracks, album="Found", album_id="1", artist="Somebody", artist_id="2")]

    def item_candidates(self, item, artist, title):
        return []

    def album_for_id(self, album_id):
        return None

    def track_for_id(self, track_id):
        return None
'''

Genres = dict[str, list[str]]


class Beets:
    """A beets with a library of its own, in a folder."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.music = folder / "in"
        self.library = folder / "library"
        self.options: dict[str, object] = {"model": model}
        self.settings: dict[str, object] = {}
        self.import_settings: dict[str, object] = {"duplicate_action": "keep"}

    def beet(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a command, with the options as they are now in the config file."""
        (self.folder / "config.yaml").write_text(self._config(), "utf-8")
        own = {name: str(self.folder / name) for name in ("BEETSDIR", "cache", "data")}
        return subprocess.run(
            [sys.executable, "-m", "beets", *map(str, arguments)],
            env={
                **{key: value for key, value in os.environ.items() if "GENRETAG_" not in key},
                "BEETSDIR": str(self.folder),
                "GENRETAG_CACHE_DIR": own["cache"],
                "GENRETAG_DATA_DIR": own["data"],
                "PYTHONIOENCODING": "utf-8",
            },
            cwd=self.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=120,
        )

    def import_music(self, *options: str) -> str:
        """Import all music as it is, and return what was logged."""
        run = self.beet("import", "-q", *(options or ("-A",)), self.music)
        assert run.returncode == 0, run.stderr
        return run.stderr

    def tag(self, *arguments: str) -> str:
        """Run `beet genretag`, and return what was logged."""
        run = self.beet("genretag", *arguments)
        assert run.returncode == 0, run.stderr
        return run.stderr

    def listed(self) -> Genres:
        """Return the genres of all tracks in the library, by their titles."""
        with self._opened() as library:
            return {item.title: item.genres for item in library.items()}

    def listed_albums(self) -> Genres:
        """Return the genres of all albums in the library, by their names."""
        with self._opened() as library:
            return {album.album: album.genres for album in library.albums()}

    @contextmanager
    def _opened(self) -> Iterator[Library]:
        library = Library(str(self.folder / "library.db"), str(self.library))
        yield library
        library._close()

    def written(self, folder: Path | None = None) -> Genres:
        """Return the genres in files, as TagLib reads them, by the titles in them."""
        found = {}
        for path in sorted(path for path in (folder or self.library).rglob("*") if path.is_file()):
            with taglib.File(path) as file:
                found[file.tags["TITLE"][0]] = file.tags.get("GENRE", [])
        return found

    def _config(self) -> str:
        def lines(values: dict[str, object], indent: str = "") -> str:
            return "".join(f"{indent}{key}: {value}\n" for key, value in values.items())

        top = {"directory": self.library, "library": "library.db", "plugins": "[genretag]"}
        return (
            lines(top | self.settings)
            + "import:\n"
            + lines(self.import_settings, "  ")
            + "genretag:\n"
            + lines(self.options, "  ")
        )


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "toy.onnx"
    return toy_model.save(path, replace(MANIFEST, pooling=POOLING))


@pytest.fixture
def beets(tmp_path: Path, model: Path) -> Beets:
    return Beets(tmp_path, model)


def song(
    path: Path, hz: float | Iterable[float], title: str, kind: str = "FLAC", **tags: str
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = [hz] if isinstance(hz, float) else list(hz)
    sound = sum(tone(3.0, hz=one) for one in tones) / len(tones)
    file = encode(path.with_suffix(f".{RECIPES[kind].suffix}"), sound, RECIPES[kind])
    with taglib.File(file, save_on_exit=True) as opened:
        opened.tags |= {name.upper(): [text] for name, text in (tags | {"title": title}).items()}
    return file


@pytest.fixture
def album(beets: Beets) -> list[Path]:
    """Four songs in four containers, of which one by itself is unsure."""
    kinds = ("Ogg Vorbis", "MP3", "FLAC", "MP4")
    return [
        song(beets.music / "Ænima ☃" / f"{n}", hz, f"Song {n}", kind, artist="Tööl", album="Ænima")
        for n, (hz, kind) in enumerate(zip((LOW_HZ, LOW_HZ, MIXED, LOW_HZ), kinds, strict=True))
    ]


def everywhere(beets: Beets, genres: list[str], titles: Iterable[str] = "0123") -> None:
    """Assert that library and files agree on the genres of all songs."""
    assert beets.listed() == beets.written() == {f"Song {title}": genres for title in titles}


def test_an_import_fills_the_genres_of_albums(beets: Beets, album: list[Path]) -> None:
    mixed = song(beets.music / "Other" / "4", MIXED, "Song 4", artist="Zappa", album="Other")
    assert "genretag" not in beets.import_music()
    expected = {f"Song {n}": ["Low"] for n in range(4)} | {"Song 4": []}
    assert beets.listed() == beets.written() == expected
    assert beets.listed_albums() == {"Ænima": ["Low"], "Other": []}
    assert beets.beet("ls", "-f", "$title: $genres", "^title:Song 4").stdout.splitlines() == [
        f"Song {n}: Low" for n in range(4)
    ]
    assert beets.written(album[0].parent) == {f"Song {n}": [] for n in range(4)}
    assert mixed.exists()


@pytest.mark.parametrize(
    ("how", "threaded"), [("move", "yes"), ("copy", "no"), ("hardlink", "no"), ("in place", "yes")]
)
def test_however_files_come_into_the_library(
    beets: Beets, album: list[Path], how: str, threaded: str
) -> None:
    beets.settings["threaded"] = threaded
    beets.import_settings |= {"copy": "no"} | ({} if how == "in place" else {how: "yes"})
    beets.import_music()
    titles = {f"Song {n}": ["Low"] for n in range(4)}
    assert beets.listed() == titles
    assert beets.written(album[0].parent if how == "in place" else None) == titles


def test_what_beets_found_out_goes_before_the_tags(beets: Beets, model: Path) -> None:
    """Songs without an album are one once beets has found it."""
    for n, hz in enumerate((LOW_HZ, LOW_HZ, MIXED, LOW_HZ)):
        song(beets.music / "Stray" / f"{n}", hz, f"Song {n}", artist=f"Artist {n}")
    (beets.folder / "plugins" / "beetsplug").mkdir(parents=True)
    (beets.folder / "plugins" / "beetsplug" / "somebody.py").write_text(AUTOTAGGER)
    beets.settings |= {
        "pluginpath": beets.folder / "plugins" / "beetsplug",
        "plugins": "[somebody, genretag]",
        "match": "{strong_rec_thresh: 1.0}",
    }
    beets.import_music("-q")
    assert beets.listed_albums() == {"Found": ["Low"]}
    everywhere(beets, ["Low"])


def test_genres_that_are_there_stay_and_go_to_the_rest_of_the_album(beets: Beets) -> None:
    for n, genre in enumerate(["Shoegaze"] * 3 + [""]):
        tags = {"genre": genre} if genre else {}
        song(beets.music / "A" / f"{n}", MIXED, f"Song {n}", artist="Ride", album="Nowhere", **tags)
    beets.import_music()
    everywhere(beets, ["Shoegaze"])
    assert beets.listed_albums() == {"Nowhere": ["Shoegaze"]}


def test_without_auto_the_command_does_it(beets: Beets, album: list[Path]) -> None:
    beets.options["auto"] = "no"
    beets.import_music()
    everywhere(beets, [])
    log = beets.tag()
    assert "Tööl - Ænima: Low (" in log and "changed 4 of 4 tracks" in log
    everywhere(beets, ["Low"])
    assert beets.listed_albums() == {"Ænima": ["Low"]}
    assert "changed 0 of 4 tracks" in beets.tag()


def test_files_are_written_only_if_beets_writes(beets: Beets, album: list[Path]) -> None:
    beets.import_settings["write"] = "no"
    beets.import_music()
    assert beets.listed() == {f"Song {n}": ["Low"] for n in range(4)}
    assert beets.written() == {f"Song {n}": [] for n in range(4)}
    assert beets.beet("modify", "-y", "genres=Jazz").returncode == 0
    assert "changed 4 of 4" in beets.tag("--force")
    assert beets.listed() == {f"Song {n}": ["Low"] for n in range(4)}
    assert beets.written() == {f"Song {n}": [] for n in range(4)}


def test_a_pretended_run_changes_nothing(beets: Beets, album: list[Path]) -> None:
    beets.options["auto"] = "no"
    beets.import_music()
    assert "would change 4 of 4 tracks" in beets.tag("--pretend")
    everywhere(beets, [])


def test_scores_that_are_not_calibrated_say_so(
    beets: Beets, album: list[Path], tmp_path: Path
) -> None:
    beets.options["auto"] = "no"
    beets.import_music()
    assert "calibrated" not in beets.tag("--pretend")
    odd = toy_model.save(tmp_path / "odd.onnx", replace(MANIFEST, is_calibrated=False))
    beets.options["model"] = str(odd)
    assert ", not calibrated)" in beets.tag("--pretend")


def test_force_replaces_and_can_keep_what_is_there(beets: Beets, album: list[Path]) -> None:
    beets.options["auto"] = "no"
    beets.import_music()
    assert beets.beet("modify", "-y", "genres=Jazz").returncode == 0
    beets.tag()
    everywhere(beets, ["Jazz"])
    beets.options |= {"count": 2, "keep_existing": "yes"}
    beets.tag()
    everywhere(beets, ["Jazz"])
    assert "Jazz -> Jazz, Low" in beets.tag("-f")
    everywhere(beets, ["Jazz", "Low"])
    beets.options |= {"force": "yes"}
    beets.tag("--no-force")
    everywhere(beets, ["Jazz", "Low"])
    beets.tag("--no-keep-existing")
    everywhere(beets, ["Low"])


def test_no_genre_is_dropped_where_the_model_is_unsure(beets: Beets, album: list[Path]) -> None:
    beets.options |= {"force": "yes", "threshold": 1.0, "auto": "no"}
    beets.import_music()
    assert beets.beet("modify", "-y", "genres=Jazz").returncode == 0
    assert "best score is below 1.00 (Low 0." in beets.tag()
    everywhere(beets, ["Jazz"])


def test_without_options_the_default_model_decides(beets: Beets, album: list[Path]) -> None:
    beets.options = {"threshold": 0}
    beets.import_music()
    (genres,) = set(map(tuple, beets.listed().values()))
    assert len(genres) == 1 and genres[0] in Tagger.load().genres


def test_count_is_the_most_genres_that_a_track_gets(beets: Beets) -> None:
    song(beets.music / "A" / "0", MIXED, "Song 0", artist="A", album="A")
    beets.options |= {"count": 2, "threshold": 0.1}
    beets.import_music()
    everywhere(beets, ["Low", "High"], "0")


@pytest.mark.parametrize("whitelist", ["mine.txt", "[LOW, Jazz]", "LOW, Jazz"])
def test_a_whitelist_says_what_may_be_written(
    beets: Beets, album: list[Path], whitelist: str
) -> None:
    (beets.folder / "mine.txt").write_text("# mine\nLOW\nJazz\n")
    beets.options["whitelist"] = whitelist
    beets.import_music()
    everywhere(beets, ["LOW"])
    beets.options["whitelist"] = "[Jazz]"
    assert "whitelist allows nothing for Low" in beets.tag("-f")
    everywhere(beets, ["LOW"])


@pytest.mark.parametrize("whitelist", ["yes", "no", "''"])
def test_without_a_whitelist_any_genre_may_be_written(
    beets: Beets, album: list[Path], whitelist: str
) -> None:
    beets.options["whitelist"] = whitelist
    beets.import_music()
    everywhere(beets, ["Low"])


def test_a_file_without_sound_stops_nothing(beets: Beets, album: list[Path]) -> None:
    """Beets imports it, as its tags are whole."""
    broken = song(album[0].parent / "4", LOW_HZ, "Song 4", artist="Tööl", album="Ænima")
    content = broken.read_bytes()
    first = content.index(b"\xff\xf8")
    broken.write_bytes(content[:first] + bytes(len(content) - first))
    log = beets.import_music()
    assert "genretag: " in log and str(broken) in log
    expected = {f"Song {n}": ["Low"] for n in range(4)} | {"Song 4": []}
    assert beets.listed() == beets.written() == expected
    assert "genretag: Tööl - Ænima: has these genres already" in beets.tag("-f")


def test_a_file_that_is_gone_stops_nothing(beets: Beets, album: list[Path]) -> None:
    beets.options["auto"] = "no"
    beets.import_music()
    gone, *_ = beets.library.rglob("*.flac")
    gone.unlink()
    assert "it is gone" in beets.tag()
    assert beets.listed() == {"Song 2": []} | {f"Song {n}": ["Low"] for n in (0, 1, 3)}
    assert beets.written() == {f"Song {n}": ["Low"] for n in (0, 1, 3)}


def test_singletons_are_decided_one_by_one(beets: Beets, album: list[Path]) -> None:
    beets.import_music("-s", "-A")
    genres = {"Song 0": ["Low"], "Song 1": ["Low"], "Song 2": [], "Song 3": ["Low"]}
    assert beets.listed() == beets.written() == genres
    beets.beet("modify", "-y", "genres=Jazz")
    beets.tag("-f")
    assert beets.listed() == genres | {"Song 2": ["Jazz"]}


def test_a_query_chooses_tracks_and_the_others_of_the_album_count(
    beets: Beets, album: list[Path]
) -> None:
    beets.options["auto"] = "no"
    beets.import_music()
    assert "no track matches" in beets.tag("nothing-matches")
    assert "changed 1 of 1 tracks" in beets.tag("title:Song 2")
    genres = {"Song 0": [], "Song 1": [], "Song 2": ["Low"], "Song 3": []}
    assert beets.listed() == beets.written() == genres
    assert beets.listed_albums() == {"Ænima": ["Low"]}


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("model", "no-such-model", "no-such-model"),
        ("threshold", 80, "threshold must lie in [0, 1]"),
        ("threshold", "high", "genretag.threshold"),
        ("count", 0, "at least 1"),
        ("whitelist", "[Rok Music]", "did you mean Rock Music?"),
        ("whitelist", "missing.txt", "nor such a file"),
    ],
)
def test_a_mistake_in_the_config_ends_an_import_before_it_begins(
    beets: Beets, album: list[Path], option: str, value: object, says: str
) -> None:
    beets.options[option] = value
    for arguments in (("import", "-q", "-A", beets.music), ("genretag",)):
        run = beets.beet(*arguments)
        assert run.returncode == 1
        assert says in run.stderr and "Traceback" not in run.stderr
    assert beets.listed() == {}


def test_the_plugin_uses_nothing_but_the_public_api() -> None:
    tree = ast.parse(PLUGIN.read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    ours = {name for name in imported if name and name.partition(".")[0].startswith("genretag")}
    assert ours == {"genretag"}


def test_other_commands_of_beets_load_no_model(beets: Beets) -> None:
    code = (
        "import sys, beets.ui; beets.ui._raw_main(['ls']);"
        "sys.exit('onnxruntime' in sys.modules or 'genretag' not in sys.modules)"
    )
    beets.beet("ls")
    environment = os.environ | {"BEETSDIR": str(beets.folder)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_beetsplug_is_a_namespace_that_other_packages_share() -> None:
    assert not PLUGIN.with_name("__init__.py").exists()
