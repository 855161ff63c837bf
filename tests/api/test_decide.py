"""The API decides what `genretag scan` would write."""

import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import toy_model
from audio_files import RECIPES, encode, garbage, tone
from failing_model import failing_tagger
from toy_model import HIGH_HZ, LOW_HZ, MANIFEST, MIDDLE_HZ, POOLING

from genretag import Code, Decision, Failed, RunError, Tagger, Track, UsageError
from genretag.domain.genre import GenreVocabulary

Command = Callable[..., "subprocess.CompletedProcess[str]"]

MIXED = (LOW_HZ, HIGH_HZ)
"""A little more Low than High: by itself no genre reaches the threshold."""


@pytest.fixture(scope="session")
def pooling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that can decide several tracks together."""
    path = tmp_path_factory.mktemp("pooling") / "pooling.onnx"
    return toy_model.save(path, replace(MANIFEST, pooling=POOLING))


@pytest.fixture(scope="session")
def album_tagger(pooling: Path) -> Tagger:
    return Tagger.load(pooling, "cpu")


def song(path: Path, hz: float | Iterable[float], genre: str = "", **tags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = [hz] if isinstance(hz, float) else list(hz)
    encode(path, sum(tone(3.0, hz=one) for one in tones) / len(tones), RECIPES["FLAC"])
    opened = mutagen.File(path, easy=True)
    opened.update(tags | ({"genre": genre} if genre else {}))
    opened.save()
    return path


@pytest.fixture
def album(tmp_path: Path) -> list[Path]:
    """Four songs, of which one by itself is unsure."""
    folder = tmp_path / "Tool" / "Album"
    return [
        song(folder / f"{n}.flac", hz, artist="Tool", album="Album")
        for n, hz in enumerate((LOW_HZ, LOW_HZ, MIXED, LOW_HZ))
    ]


def genres(results: Iterable[Decision | Failed]) -> list[tuple[str, ...] | None]:
    return [one.after if isinstance(one, Decision) else None for one in results]


def test_an_album_is_decided_as_scan_does(
    album_tagger: Tagger, pooling: Path, album: list[Path], tmp_path: Path, command: Command
) -> None:
    other = song(tmp_path / "Tool" / "Album" / "9.flac", (HIGH_HZ, MIDDLE_HZ), artist="Other")
    single = song(tmp_path / "Loose" / "1.flac", MIXED)
    files = [*album, other, single, garbage(tmp_path / "Tool" / "Album" / "broken.flac")]
    run = command("scan", "-n", "--format", "jsonl", "--model", pooling, *files)
    rows = {row["path"]: row for row in map(json.loads, run.stdout.splitlines())}
    results = album_tagger.decide(files)
    assert [str(one.path) for one in results] == list(map(str, files))
    for one in results:
        row = rows[str(one.path)]
        if isinstance(one, Failed):
            assert row["error"]["code"] == one.error.code
            continue
        assert (row["before"], row["after"]) == (list(one.before), list(one.after))
        assert (row["source"], row["reason"]) == (one.source, one.reason)
        shown = [{"name": name, "score": round(score, 4)} for name, score in one.genres[:5]]
        assert row["genres"] == shown
        assert one.score == one.genres[0][1]
    assert genres(results[:4]) == [("Low",)] * 4


def test_one_broken_file_never_stops_the_others(album_tagger: Tagger, album: list[Path]) -> None:
    broken = garbage(album[0].parent / "broken.mp3")
    gone = album[0].parent / "gone.flac"
    first, second, *others = album_tagger.decide([broken, gone, *album])
    assert isinstance(first, Failed) and isinstance(second, Failed)
    assert (first.error.code, second.error.code) == (Code.NOT_AUDIO, Code.NOT_FOUND)
    assert genres(others) == [("Low",)] * 4


def test_without_others_a_song_is_decided_by_itself(
    album_tagger: Tagger, album: list[Path]
) -> None:
    assert genres(album_tagger.decide(album, by="track")) == [("Low",), ("Low",), (), ("Low",)]
    (unsure,) = album_tagger.decide([album[2]])
    assert isinstance(unsure, Decision)
    assert (unsure.after, unsure.source) == ((), "heard")
    assert unsure.reason and unsure.score and unsure.score < MANIFEST.threshold
    assert album_tagger.decide([]) == []


def test_where_no_genre_is_sure_the_family_is(tmp_path: Path) -> None:
    genres = GenreVocabulary(toy_model.GENRES, {"Low": "Deep", "Middle": "Deep"})
    model = toy_model.save(tmp_path / "families.onnx", replace(MANIFEST, genres=genres))
    (decision,) = Tagger.load(model).decide([song(tmp_path / "1.flac", (LOW_HZ, MIDDLE_HZ))])
    assert isinstance(decision, Decision)
    assert decision.after == ("Deep",)
    scores = dict(decision.genres)
    assert decision.score == pytest.approx(scores["Low"] + scores["Middle"])


def test_what_a_program_knows_goes_before_the_tags(
    album_tagger: Tagger, album: list[Path], tmp_path: Path
) -> None:
    """Songs without tags, in folders far from each other, and a genre that is not written yet."""
    bare = [song(tmp_path / f"{n}" / "x" / "1.flac", MIXED) for n in range(3)]
    known = [Track(path, (), "Tool", "Tool", "Album") for path in bare]
    tagged = [Track("not there", ["Shoegaze"], "Tool", "Tool", "Album") for _ in range(3)]
    results = album_tagger.decide([*known, *tagged])
    assert genres(results) == [("Shoegaze",)] * 6
    assert isinstance(results[0], Decision) and results[0].source == "library"
    assert isinstance(results[3], Decision) and results[3].reason == "has a genre"
    written = song(tmp_path / "written.flac", LOW_HZ, "Jazz")
    results = album_tagger.decide([written, Track(written), Track(written, ())], by="track")
    assert genres(results) == [("Jazz",), ("Jazz",), ("Low",)]


def test_genres_that_a_program_knows_count_for_an_album_that_tags_name(
    album_tagger: Tagger, album: list[Path]
) -> None:
    known = [Track(path, ["Shoegaze"]) for path in album[:3]]
    assert genres(album_tagger.decide([*known, album[3]])) == [("Shoegaze",)] * 4


def test_a_compilation_is_decided_song_by_song(album_tagger: Tagger, album: list[Path]) -> None:
    known = [
        Track(path, (), f"Artist {n}", "Various Artists", "Hits", is_compilation=True)
        for n, path in enumerate(album)
    ]
    assert genres(album_tagger.decide(known)) == [("Low",), ("Low",), (), ("Low",)]


def test_options_are_those_of_scan(album_tagger: Tagger, album: list[Path], tmp_path: Path) -> None:
    given = [Track(path, ["Jazz"]) for path in album]
    assert genres(album_tagger.decide(given)) == [("Jazz",)] * 4
    assert genres(album_tagger.decide(given, policy="replace")) == [("Low",)] * 4
    assert genres(album_tagger.decide(given, policy="add")) == [("Jazz", "Low")] * 4
    assert genres(album_tagger.decide(given, policy="add", max_genres=1)) == [("Jazz",)] * 4
    assert genres(album_tagger.decide(album, threshold=1.0)) == [()] * 4
    (decision,) = album_tagger.decide([album[2]], threshold=0, top_k=2)
    assert decision.after == ("Low", "High")  # type: ignore[union-attr]
    listed = tmp_path / "genres.txt"
    listed.write_text("# mine\nLOW\n")
    for only in (["LOW"], "LOW", "LOW, Jazz", listed):
        assert genres(album_tagger.decide(album, only=only)) == [("LOW",)] * 4
    assert genres(album_tagger.decide(album, only="Jazz")) == [()] * 4
    renames = tmp_path / "map.toml"
    renames.write_text('[rename]\nLow = "Bass"\n')
    assert genres(album_tagger.decide(album, genre_map=renames)) == [("Bass",)] * 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"threshold": 1.5}, "threshold"),
        ({"top_k": 0}, "top-k"),
        ({"policy": "sometimes"}, "no policy 'sometimes'"),
        ({"by": "label"}, "no unit 'label'"),
        ({"coverage": "half"}, "no coverage 'half'"),
        ({"only": ["Rok Music"]}, "did you mean Rock Music?"),
        ({"only": []}, "only names no genre"),
    ],
)
def test_a_wrong_argument_is_refused(album_tagger: Tagger, options: dict, says: str) -> None:
    with pytest.raises(UsageError) as error:
        album_tagger.decide([], **options)
    assert error.value.code == Code.BAD_OPTION
    assert says in error.value.message


def test_a_sound_is_analysed_once(album_tagger: Tagger, pooling: Path, album: list[Path]) -> None:
    """Also in other tags: the model of the second tagger cannot score."""
    first = album_tagger.decide(album)
    broken = failing_tagger("cpu", pooling)
    assert broken.decide(album) == first
    opened = mutagen.File(album[0], easy=True)
    opened["title"] = "New"
    opened.save()
    assert broken.decide(album) == first


def test_however_many_threads_the_results_are_the_same(
    album_tagger: Tagger, album: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for jobs in (1, 3, None):
        monkeypatch.setenv("GENRETAG_CACHE_DIR", str(tmp_path / f"cache {jobs}"))
        results.append(album_tagger.decide(album, jobs=jobs))
    assert results[0] == results[1] == results[2]


def test_where_a_device_fails_the_cpu_decides(
    album_tagger: Tagger, pooling: Path, album: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = failing_tagger("cuda", pooling)
    with pytest.warns(RuntimeWarning, match="The device cuda failed"):
        assert genres(other.decide(album)) == [("Low",)] * 4
    assert other.device == "cpu"


def test_where_the_cpu_fails_too_no_other_file_is_tried(pooling: Path, album: list[Path]) -> None:
    with pytest.raises(RunError) as error:
        failing_tagger("cpu", pooling).decide(album)
    assert error.value.code == Code.MODEL_INVALID


def test_genres_that_genretag_wrote_do_not_count(
    album_tagger: Tagger, pooling: Path, album: list[Path], command: Command
) -> None:
    assert command("scan", "--model", pooling, album[0].parent).returncode == 0
    new = song(album[0].parent / "new.flac", HIGH_HZ, artist="Tool", album="Album")
    decision = album_tagger.decide([*album, new])[-1]
    assert isinstance(decision, Decision)
    assert decision.source != "library"


def test_genres_that_a_person_decided_with_genretag_stay(
    album_tagger: Tagger, album: list[Path], command: Command
) -> None:
    assert command("set", "Jazz", album[0]).returncode == 0
    first, *_ = album_tagger.decide(album, policy="replace")
    assert isinstance(first, Decision)
    assert (first.after, first.reason) == (("Jazz",), "a person decided it")
