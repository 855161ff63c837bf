"""`genretag learn`: a person's own genres, from tagged files to files that are tagged by them."""

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from audio_files import write_tone
from command import COMMAND
from mutagen.flac import FLAC

from genretag import Tagger, tags
from genretag.api import write_genres
from genretag.library.cache import FILE

PITCHES_HZ: Mapping[str, tuple[float, float]] = {
    "Drone": (110, 160),
    "Zydeco": (1300, 1900),
    "Polka": (5000, 7000),
}
"""A person's genres, none of which any model knows, and how high their tones are."""
RARE, RARE_HZ = "Rarity", (2900, 3300)

Fill = Callable[..., list[Path]]


@pytest.fixture
def fill(music: Path) -> Fill:
    """Return a function that writes tracks of a genre by several artists, with or without tags."""

    def write(
        genre: str, tagged: bool = True, artists: int = 6, per: int = 3, name: str | None = None
    ) -> list[Path]:
        rng = np.random.default_rng(len(genre) + 100 * tagged)
        files = []
        for artist in range(artists):
            folder = music / f"{genre} {artist} {tagged}"
            folder.mkdir(parents=True)
            for track in range(per):
                hz = float(rng.uniform(*PITCHES_HZ.get(genre, RARE_HZ)))
                file = write_tone(folder / f"{track}.flac", seconds=2.5, rate=22050, hz=hz)
                if tagged:
                    tags.write(file, [name or genre])
                files.append(file)
        return files

    return write


@pytest.fixture
def library(fill: Fill, music: Path) -> Path:
    for genre in PITCHES_HZ:
        fill(genre)
    return music


def learned(home: Mapping[str, str]) -> list[str]:
    return sorted(file.name for file in Path(home["GENRETAG_DATA_DIR"]).glob("models/*"))


def test_what_is_learned_is_written_into_the_files_without_a_genre(
    genretag, library: Path, fill: Fill, home: dict[str, str]
) -> None:
    others = {genre: fill(genre, tagged=False, artists=2) for genre in PITCHES_HZ}
    done = genretag("learn", "--name", "mine", library)
    assert done.returncode == 0, done.stderr
    assert "Learned 3 genres from 54 tracks by 18 artists" in done.stdout
    assert "genretag scan -n --model mine" in done.stderr
    assert learned(home) == ["mine.safetensors"]
    found = genretag("scan", "--model", "mine", "--format", "jsonl", library)
    assert found.returncode == 0, found.stderr
    written = {Path(row["path"]): row for row in map(json.loads, found.stdout.splitlines())}
    for genre, files in others.items():
        for file in files:
            assert written[file]["after"] == [genre] and tags.read(file).genres == (genre,)
            assert written[file]["model"].startswith("mine@")
    assert genretag("undo", "-y").returncode == 0
    assert all(tags.read(file).genres == () for files in others.values() for file in files)


def test_every_command_takes_a_learned_model_like_any_other(
    genretag, library: Path, fill: Fill
) -> None:
    assert genretag("learn", library).returncode == 0
    file = fill("Drone", tagged=False, artists=1, per=1)[0]
    inspected = genretag("inspect", "--model", "my-genres", "--format", "jsonl", file)
    scanned = genretag("scan", "-n", "--model", "my-genres", "--format", "jsonl", file)
    one, other = (json.loads(done.stdout) for done in (inspected, scanned))
    assert one["genres"] == other["genres"] and one["genres"][0]["name"] == "Drone"
    done = genretag("evaluate", "--model", "my-genres", "--format", "json", library)
    evaluated = json.loads(done.stdout)
    assert "knows the files that it was learned from" in " ".join(done.stderr.split())
    assert evaluated["grades"]["accuracy"] == 1 and evaluated["files"]["judged"] == 54
    page = library.parent / "page.html"
    assert genretag("report", "--model", "my-genres", library, "-o", page).returncode == 0
    assert "Zydeco" in page.read_text("utf-8")
    assert "my-genres" in genretag("models", "list").stdout
    assert "Zydeco" in genretag("models", "show", "my-genres").stdout
    assert genretag("models", "verify", "my-genres").returncode == 0


def test_a_track_has_the_same_scores_everywhere(
    genretag, library: Path, fill: Fill, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores are rounded in JSON to four digits, and `evaluate` shows the mean of the best ones."""
    assert genretag("learn", library).returncode == 0
    file = fill("Zydeco", tagged=False, artists=1, per=1)[0]
    use = ("--model", "my-genres")
    rows = [
        json.loads(genretag(*command, *use, "--format", "jsonl", file).stdout)
        for command in (
            ("scan", "-n", "--no-cache"),
            ("scan", "-n"),
            ("scan", "-n"),  # by now it is cached
            ("inspect",),
        )
    ]
    assert all(row["genres"] == rows[0]["genres"] for row in rows)
    for name in ("GENRETAG_DATA_DIR", "GENRETAG_CACHE_DIR"):
        monkeypatch.setenv(name, home[name])
    found = Tagger.load("my-genres", "cpu").predict(file)
    assert found.model == rows[0]["model"]
    assert [name for name, _ in found.genres] == [one["name"] for one in rows[0]["genres"]]
    scores = [one["score"] for one in rows[0]["genres"]]
    assert [score for _, score in found.genres] == pytest.approx(scores, abs=6e-5)
    tags.write(file, ["Zydeco"])
    done = genretag("evaluate", *use, "--by", "track", "--format", "json", file)
    mean = json.loads(done.stdout)["grades"]["mean_score"]
    assert mean == pytest.approx(found.genres[0][1], abs=1e-6)


def test_json_holds_what_the_tables_show(genretag, library: Path) -> None:
    found = json.loads(genretag("learn", "-n", "--format", "json", library).stdout)
    assert found["genres"] == ["Drone", "Polka", "Zydeco"]
    judgement = found["judgement"]
    assert judgement["accuracy"]["value"] == 1 and judgement["tracks"] == 54
    assert np.array(judgement["confusion"]).tolist() == np.diag([18, 18, 18]).tolist()
    assert [one["name"] for one in judgement["genres"]] == found["genres"]


def test_a_dry_run_saves_nothing(genretag, library: Path, home: dict[str, str]) -> None:
    assert genretag("learn", "-n", library).returncode == 0 and learned(home) == []


def test_learning_again_keeps_the_model_that_was_there(
    genretag, library: Path, home: dict[str, str]
) -> None:
    assert genretag("learn", library).returncode == 0
    again = genretag("learn", "--min-tracks", "11", library)
    assert again.returncode == 0
    (earlier,) = (name for name in learned(home) if "@" in name)
    assert earlier.removesuffix(".safetensors") in again.stderr
    assert genretag("models", "show", earlier.removesuffix(".safetensors")).returncode == 0


def test_what_genretag_wrote_itself_teaches_nothing(
    genretag, library: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch, home: dict[str, str]
) -> None:
    fill("Drone", tagged=False, artists=2)
    assert genretag("scan", "--threshold", "0", library).returncode == 0
    found = json.loads(genretag("learn", "-n", "--format", "json", library).stdout)
    assert found["files"]["own"] == 6 and found["files"]["learned_from"] == 54
    # What another program wrote through genretag was decided by somebody.
    for name in ("GENRETAG_DATA_DIR", "GENRETAG_CACHE_DIR"):
        monkeypatch.setenv(name, home[name])
    write_genres(next((library / "Drone 0 False").iterdir()), "Zydeco")
    found = json.loads(genretag("learn", "-n", "--format", "json", library).stdout)
    assert found["files"]["own"] == 5 and found["files"]["learned_from"] == 55


def test_genres_that_a_person_gave_count_where_genretag_added_others(
    genretag, library: Path
) -> None:
    adding = ("scan", "-y", "--policy", "add", "--threshold", "0", library)
    assert genretag(*adding).returncode == 0
    file = next((library / "Drone 0 True").iterdir())
    assert len(tags.read(file).genres) == 2
    found = json.loads(genretag("learn", "-n", "--format", "json", library).stdout)
    assert found["files"]["learned_from"] == 54 and found["files"]["own"] == 0
    assert found["genres"] == ["Drone", "Polka", "Zydeco"]


def test_a_map_says_which_name_is_learned(genretag, fill: Fill, music, tmp_path) -> None:
    fill("Drone", name="Steel")
    fill("Polka", name="Jazz")
    names = tmp_path / "map.toml"
    names.write_text('[aliases]\nSteel = "Metal"\n', "utf-8")
    done = genretag("learn", "-n", "--format", "json", "--map", names, music)
    assert json.loads(done.stdout)["genres"] == ["Jazz", "Metal"], done.stderr


def test_a_narrow_name_with_few_tracks_counts_as_its_parent(genretag, fill: Fill, music) -> None:
    fill("Drone", name="Death Metal", artists=2)
    fill("Polka", name="Jazz")
    fill("Zydeco", name="Metal")
    found = json.loads(genretag("learn", "-n", "--format", "json", music).stdout)
    assert found["genres"] == ["Jazz", "Metal"]
    assert [(one["name"], one["counts_as"]) for one in found["left_out"]] == [
        ("Death Metal", "Metal")
    ]


def test_a_map_says_what_a_persons_own_names_are(genretag, fill: Fill, music, tmp_path) -> None:
    fill("Drone", name="Schwermetall", artists=2)
    fill("Polka", name="Jazz")
    fill("Zydeco", name="Metal")
    names = tmp_path / "map.toml"
    names.write_text('[parents]\nSchwermetall = "Metal"\n', "utf-8")
    done = genretag("learn", "-n", "--format", "json", "--map", names, music)
    assert json.loads(done.stdout)["left_out"][0]["counts_as"] == "Metal", done.stderr


def test_what_was_analysed_before_an_interrupt_is_kept(
    genretag, library: Path, home: dict[str, str]
) -> None:
    run = subprocess.Popen(
        [*COMMAND, "learn", "-j", "1", str(library)],
        env=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    cached = Path(home["GENRETAG_CACHE_DIR"]) / FILE
    end = time.monotonic() + 120
    while count_known(cached) < 3:
        assert run.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    stdout, stderr = run.communicate(timeout=120)
    assert run.returncode == 130 and stdout == "" and "Traceback" not in stderr
    assert "is cached" in stderr or "54 files in" in stderr
    assert learned(home) == []
    assert count_known(cached) >= 3
    assert genretag("learn", library).returncode == 0


def count_known(cache: Path) -> int:
    """Return how many files the cache knows by now."""
    if not cache.exists():
        return 0
    with closing(sqlite3.connect(cache)) as database, suppress(sqlite3.OperationalError):
        return int(database.execute("SELECT count(*) FROM track").fetchone()[0])
    return 0


def test_the_default_model_decides_where_the_own_one_is_unsure(
    genretag, library: Path, fill: Fill, toy: Path
) -> None:
    own = fill("Drone", tagged=False, artists=2)
    fill(RARE, artists=2)  # too few to be learned, and so it is other music
    (foreign,) = fill(RARE, tagged=False, artists=1, per=1)
    assert genretag("learn", library).returncode == 0
    scan = ("scan", "-n", "--model", "my-genres", "--format", "jsonl", "--from", "heard")

    def scanned(*more: str) -> dict[Path, dict]:
        done = genretag(*scan, *more, library)
        assert done.returncode == 0, done.stderr
        return {Path(row["path"]): row for row in map(json.loads, done.stdout.splitlines())}

    alone, both = scanned(), scanned("--and-default")
    assert alone[foreign]["status"] == "unsure"
    assert both[foreign]["after"] == ["Middle"] and both[foreign]["model"].startswith("toy@")
    for file in own:
        assert alone[file] == both[file] and both[file]["after"] == ["Drone"]
    assert scanned("--and-default", "--threshold", "1")[foreign]["status"] == "unsure"


def test_each_model_goes_by_the_threshold_that_was_saved_for_it(
    genretag, library: Path, fill: Fill, home: dict[str, str]
) -> None:
    fill(RARE, artists=2)
    (foreign,) = fill(RARE, tagged=False, artists=1, per=1)
    (own,) = fill("Drone", tagged=False, artists=1, per=1)
    assert genretag("learn", library).returncode == 0
    scan = ("scan", "-n", "--model", "my-genres", "--and-default", "--format", "jsonl")

    def scanned() -> dict[Path, dict]:
        done = genretag(*scan, "--from", "heard", foreign, own)
        assert done.returncode == 0, done.stderr
        return {Path(row["path"]): row for row in map(json.loads, done.stdout.splitlines())}

    before = scanned()
    assert [before[file]["status"] for file in (foreign, own)] == ["planned", "planned"]
    saved = f'[thresholds]\n"{before[foreign]["model"]}" = 1.0\n'
    Path(home["GENRETAG_CONFIG"]).write_text(saved, "utf-8")
    after = scanned()
    assert after[foreign]["status"] == "unsure" and after[own] == before[own]


def test_an_album_is_decided_by_one_of_the_models(genretag, library: Path) -> None:
    album = library / "album"
    album.mkdir()
    for track, hz in enumerate((130.0, 3100.0, 3200.0, 3000.0)):
        file = write_tone(album / f"{track}.flac", seconds=2.5, rate=22050, hz=hz)
        tagged = FLAC(file)
        tagged.update({"album": "One", "artist": "Someone", "tracknumber": str(track)})
        tagged.save()
    assert genretag("learn", library).returncode == 0
    done = genretag(
        "scan", "-n", "--model", "my-genres", "--and-default", "--format", "jsonl", album
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    written = [row for row in rows if row["status"] == "planned"]
    assert len(written) in (0, 4), rows


def test_only_a_learned_model_has_another_behind_it(genretag, library: Path) -> None:
    done = genretag("scan", "-n", "--and-default", library)
    assert done.returncode == 2 and "bad-option" in done.stderr


def test_models_are_removed_by_name(genretag, library: Path, home: dict[str, str]) -> None:
    assert genretag("learn", library).returncode == 0
    kept = genretag("models", "remove", "genretag-musicnn")
    assert kept.returncode == 2 and "came with genretag" in kept.stderr
    unknown = genretag("models", "remove", "my-genres", "nobody")
    assert unknown.returncode == 2 and learned(home) == ["my-genres.safetensors"]
    done = genretag("models", "remove", "-y", "my-genres")
    assert done.returncode == 0 and "Removed my-genres" in done.stdout and learned(home) == []
    gone = genretag("scan", "-n", "--model", "my-genres", library)
    assert gone.returncode == 2 and "unknown-model" in gone.stderr


def test_files_that_are_known_are_not_decoded_again(
    genretag, library: Path, fill: Fill, tmp_path: Path
) -> None:
    fill("Drone", tagged=False, artists=2)
    assert genretag("scan", "-n", "--policy", "replace", library).returncode == 0
    (tmp_path / "sitecustomize.py").write_text(
        "import genretag.audio.decode as decode\n"
        "def read_excerpts(*_): raise AssertionError('decoded again')\n"
        "decode.read_excerpts = read_excerpts\n"
    )
    without = {"PYTHONPATH": str(tmp_path)}
    learning = genretag("learn", library, **without)
    assert learning.returncode == 0, learning.stderr
    scanning = genretag("scan", "--model", "my-genres", library, **without)
    assert scanning.returncode == 0 and "6" in scanning.stderr, scanning.stderr
    anew = ("scan", "-n", "--policy", "replace", "--no-cache")
    assert genretag(*anew, library, **without).returncode == 1


class TestBadInput:
    """Each is told in a sentence, and nothing is saved."""

    def check(self, done, home: dict[str, str], code: int, *words: str) -> None:
        assert done.returncode == code, done.stderr
        text = " ".join(done.stderr.split())
        assert all(word in text for word in words), text
        assert "Traceback" not in text and learned(home) == []

    def test_no_tags_at_all(self, genretag, fill: Fill, music: Path, home) -> None:
        fill("Drone", tagged=False)
        self.check(genretag("learn", music), home, 3, "not-learnable", "no file has a genre")

    def test_no_file(self, genretag, music: Path, home) -> None:
        music.mkdir()
        self.check(genretag("learn", music), home, 3, "not-learnable")

    def test_one_genre(self, genretag, fill: Fill, music: Path, home) -> None:
        fill("Drone")
        self.check(genretag("learn", music), home, 3, "no genre but Drone has 10 tracks")

    def test_three_tracks(self, genretag, fill: Fill, music: Path, home) -> None:
        fill("Drone", artists=1)
        self.check(
            genretag("learn", music), home, 3, "of 3 tagged files no genre", "Drone has 3 by 1"
        )

    def test_one_artist_with_everything(self, genretag, fill: Fill, music: Path, home) -> None:
        for genre in PITCHES_HZ:
            fill(genre, artists=1, per=12)
        self.check(genretag("learn", music), home, 3, "10 tracks by 3 artists", "12 by 1")

    def test_genres_that_sound_alike(self, genretag, fill: Fill, music: Path, home) -> None:
        for number, name in enumerate(("Left", "Right")):
            for artist in range(6):
                folder = music / f"{name} {artist}"
                folder.mkdir(parents=True)
                for track in range(3):
                    hz = 400.0 + 40 * ((7 * artist + 3 * track + number) % 5)
                    file = write_tone(folder / f"{track}.flac", seconds=2.5, rate=22050, hz=hz)
                    tags.write(file, [name])
        self.check(genretag("learn", music), home, 3, "Nothing was saved", "no better than always")

    def test_copies_of_the_same_sounds(self, genretag, music: Path, home) -> None:
        (music / "0").mkdir(parents=True)
        for number in range(12):
            file = write_tone(music / "0" / f"{number}.flac", seconds=2.5, hz=300.0 + 90 * number)
            tags.write(file, ["Left" if number % 2 else "Right"])
            for copy in range(1, 4):
                folder = music / str(copy)
                folder.mkdir(exist_ok=True)
                (folder / file.name).write_bytes(file.read_bytes())
        self.check(genretag("learn", music), home, 3, "10 tracks by 3 artists")

    def test_files_that_fail_are_named_and_the_others_go_on(
        self, genretag, library: Path, home
    ) -> None:
        broken = library / "broken.flac"
        broken.write_bytes(b"fLaC, it says")
        done = genretag("learn", library)
        assert done.returncode == 1 and "broken.flac" in done.stderr
        assert learned(home) == ["my-genres.safetensors"]

    @pytest.mark.parametrize(
        "name", ["", "../up", "a/b", "hf:me/it", "genretag-musicnn", "x" * 65, "con", "a\nb", "."]
    )
    def test_hostile_names(self, genretag, library: Path, home, name: str) -> None:
        self.check(genretag("learn", "--name", name, library), home, 2, "bad-option")

    def test_the_name_of_an_imported_model(self, genretag, library: Path, toy: Path, home) -> None:
        other = Path(home["GENRETAG_DATA_DIR"]) / "models" / "other.onnx"
        other.parent.mkdir(parents=True)
        other.write_bytes(toy.read_bytes())
        done = genretag("learn", "--name", "other", library)
        assert done.returncode == 2 and "imported model already" in done.stderr
        assert not done.stdout  # nothing was analysed

    def test_a_learned_model_as_the_base(self, genretag, library: Path, home) -> None:
        assert genretag("learn", library).returncode == 0
        done = genretag("learn", "--model", "my-genres", "--name", "second", library)
        assert done.returncode == 2 and "was learned itself" in " ".join(done.stderr.split())

    def test_a_base_that_gives_no_embeddings(
        self, genretag, library: Path, toy: Path, tmp_path: Path, home
    ) -> None:
        model = onnx.load(toy)
        del model.graph.output[1]
        onnx.save(model, tmp_path / "mute.onnx")
        done = genretag("learn", "--model", tmp_path / "mute.onnx", library)
        self.check(done, home, 2, "bad-option", "gives no embeddings")

    def test_a_base_that_is_gone(self, genretag, library: Path, toy: Path, tmp_path, home) -> None:
        base = tmp_path / "base.onnx"
        base.write_bytes(toy.read_bytes())
        assert genretag("learn", "--model", base, library).returncode == 0
        base.unlink()
        done = genretag("scan", "-n", "--model", "my-genres", library)
        assert done.returncode == 3 and "base-missing" in done.stderr
        assert "genretag learn" in " ".join(done.stderr.split())


def test_what_is_learned_on_an_imported_model_knows_it_by_name(
    genretag, library: Path, toy: Path, home: dict[str, str], tmp_path: Path
) -> None:
    base = Path(home["GENRETAG_DATA_DIR"]) / "models" / "base.onnx"
    base.parent.mkdir(parents=True)
    base.write_bytes(toy.read_bytes())
    assert genretag("learn", "--model", "base", library).returncode == 0
    assert "base@" in genretag("models", "show", "my-genres").stdout
    moved = {"GENRETAG_DATA_DIR": str(tmp_path / "moved")}
    base.parent.parent.rename(tmp_path / "moved")
    assert genretag("scan", "-n", "--model", "my-genres", library, **moved).returncode == 0
    removed = genretag("models", "remove", "base", "-y", **moved)
    assert removed.returncode == 0 and "of no use without it: my-genres" in removed.stderr
    done = genretag("scan", "-n", "--model", "my-genres", library, **moved)
    assert done.returncode == 3 and "base-missing" in done.stderr


def test_the_loop_closes(genretag, fill: Fill, music: Path, tmp_path: Path) -> None:
    """Scan is unsure; a person decides ten albums in a plan; what is learned tags the others."""
    files = {genre: fill(genre, tagged=False, artists=11) for genre in PITCHES_HZ}
    decided = {genre: set(those[:30]) for genre, those in files.items()}  # ten albums of each
    plan = tmp_path / "plan.jsonl"
    assert genretag("scan", "--threshold", "0", "--plan", plan, music).returncode == 0
    first, *rows, last = plan.read_text("utf-8").splitlines()
    kept = []
    for row in map(json.loads, rows):
        genre = next((one for one in files if Path(row["path"]) in decided[one]), None)
        if genre:
            kept.append(json.dumps(row | {"after": [genre]}))
    plan.write_text("\n".join([first, *kept, last, ""]), "utf-8")
    assert genretag("apply", "-y", plan).returncode == 0
    before = genretag("scan", "-n", "--from", "heard", "--threshold", "0.99", music)
    assert "unsure" in before.stdout + before.stderr
    assert genretag("learn", music).returncode == 0
    done = genretag("scan", "--model", "my-genres", "--from", "heard", music)
    assert done.returncode == 0, done.stderr
    for genre, those in files.items():
        assert all(tags.read(file).genres == (genre,) for file in those)
