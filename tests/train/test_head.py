"""A head on frozen backbones: what it learns, and how it is cross-validated."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from commands import done, refused
from scipy.special import softmax
from toy_music import table

from genretag.domain.prediction import Prediction, prediction_set, rank_genres
from genretag.errors import Code
from genretag.inference import session
from genretag.learning.logistic_regression import LinearHead
from genretag.learning.out_of_fold import UNKNOWN
from genretag_train.data.dataset import Clip
from genretag_train.data.folds import FOLDS, make_group_folds, make_source_folds
from genretag_train.evaluation.genre_sets import fit_set_masses
from genretag_train.transfer.cross_validation import HeadTarget, cross_validate
from genretag_train.transfer.embeddings import EmbeddedClip
from genretag_train.transfer.head_config import read_config
from genretag_train.transfer.linear import Recipe, fit_head
from genretag_train.transfer.validation_report import CALIBRATED_ON, ELSEWHERE
from genretag_train.transfer.vocabulary import read_named_clips

ROOT = Path(__file__).parents[2]
GENRES = ("A", "B", "C")
NO_WINDOWS = np.zeros((0, 8), np.float32)
TARGET = HeadTarget(0.85, min_accepted=20)


def clip(number: int, genre: str, group: str, **more: str) -> Clip:
    return Clip(Path(f"{number}.flac"), f"{number}.flac", genre, group, **more)


def embed(clips: list[Clip], apart: float = 2.0, seed: int = 0) -> list[EmbeddedClip]:
    """Features in which a genre is `apart` standard deviations from the others."""
    rng = np.random.default_rng(seed)
    centres = apart * np.eye(3, 8)
    return [
        EmbeddedClip(
            one, (centres[GENRES.index(one.genre)] + rng.normal(size=(3, 8))).astype(np.float32)
        )
        for one in clips
    ]


def predict(head: LinearHead, one: EmbeddedClip) -> str:
    return GENRES[head.compute_logits(one.embeddings).mean(axis=0).argmax()]


def artists(n: int, per: int = 3) -> list[Clip]:
    return [clip(i, GENRES[i // per % 3], f"artist {i // per}") for i in range(n)]


@pytest.mark.parametrize("rule", sorted(FOLDS))
def test_no_group_is_in_two_folds(rule: str) -> None:
    clips = artists(90)
    pairs = set(zip((one.group for one in clips), FOLDS[rule](clips), strict=True))
    assert len(pairs) == len({one.group for one in clips})
    assert len({fold for _, fold in pairs}) == 5


def test_published_lists_are_kept_and_clips_without_a_list_are_in_no_fold() -> None:
    gtzan = [
        clip(i, GENRES[i % 3], f"gtzan/rock.{i}", published=("train", "valid", "test")[i // 30])
        for i in range(90)
    ]
    gtzan.append(clip(99, "A", "gtzan/rock.99", published="unlisted"))
    folds = make_group_folds([*gtzan, *artists(30)])
    assert folds[90] is None
    for side in (slice(30, 60), slice(60, 90)):
        assert len(set(folds[side])) == 1


def test_a_source_that_is_left_out_is_left_out_whole() -> None:
    clips = [clip(i, GENRES[i % 3], f"artist {i % 20}", source="games") for i in range(40)]
    heap = [clip(i, GENRES[i % 3], f"wild/{i}", source="wild") for i in range(40)]
    folds = make_source_folds([*clips, *heap])
    assert len(set(folds[:40])) == 1 and folds[0] not in folds[40:]
    assert len(set(folds[40:])) == 5


def test_a_head_tells_apart_what_can_be_told_apart() -> None:
    clips = artists(90)
    head = fit_head(embed(clips, apart=6.0), GENRES, Recipe(), NO_WINDOWS)
    for one in embed(clips, apart=6.0, seed=1):
        assert predict(head, one) == one.clip.genre


def test_a_head_is_sure_of_no_genre_in_what_has_none() -> None:
    clips = artists(90)
    toneless = np.random.default_rng(2).normal((4.0, 0, 0, 0, 5, 0, 0, 0), 1.0, (60, 8))
    embedded, recipe = embed(clips, apart=4.0), Recipe(c=1.0, nothing=1.0)
    heads = [fit_head(embedded, GENRES, recipe, windows) for windows in (NO_WINDOWS, toneless)]
    before, after = (softmax(head.compute_logits(toneless), axis=1).max(axis=1) for head in heads)
    assert after.mean() < before.mean() - 0.1


def test_music_of_other_genres_teaches_that_there_are_others() -> None:
    two = [one for one in embed(artists(180), apart=3.0) if one.clip.genre != "C"]
    rng = np.random.default_rng(3)
    third = [  # much like A, but not quite
        EmbeddedClip(
            clip(500 + i, "C", f"other {i}"),
            rng.normal((2.5, 0, 2.5, 0, 0, 0, 0, 0), 0.7, (3, 8)).astype(np.float32),
        )
        for i in range(60)
    ]
    sure = {}
    for weight in (0.0, 0.5):
        head = fit_head([*two, *third], GENRES[:2], Recipe(c=1.0, others=weight), NO_WINDOWS)
        sure[weight] = np.mean(
            [softmax(head.compute_logits(one.embeddings), axis=1).max() for one in third]
        )
        wrong = [predict(head, one) != "A" for one in two if one.clip.genre == "A"]
        assert np.mean(wrong) < 0.1
    assert sure[0.5] < sure[0.0] - 0.05


def test_music_of_other_genres_counts_against_a_threshold_and_nowhere_else() -> None:
    three = embed(artists(300), apart=2.0)
    folds = make_group_folds([one.clip for one in three])
    known = [(one, fold) for one, fold in zip(three, folds, strict=True) if one.clip.genre != "C"]
    few, own_folds = [list(part) for part in zip(*known, strict=True)]
    recipe = Recipe(others=0)
    alone = cross_validate(few, GENRES[:2], own_folds, recipe, NO_WINDOWS, TARGET)
    among = cross_validate(three, GENRES[:2], folds, recipe, NO_WINDOWS, TARGET)
    for name in ("clips", "accuracy", "ece", "half", "reliability", "sets"):
        assert among.report[name] == alone.report[name]
    assert among.temperature == alone.temperature and among.threshold > alone.threshold
    assert among.report["others"]["clips"] == 99 and alone.report["others"]["clips"] == 0
    assert among.report["others"]["precision"] == 0.0
    assert among.report["accepted"]["clips"] == 300
    assert np.mean(among.truth == UNKNOWN) == pytest.approx(99 / 300)


def test_temperature_and_threshold_come_from_the_sources_that_are_named() -> None:
    songs, lab = (
        [replace(one, source=source) for one in artists(300)] for source in ("songs", "lab/a")
    )
    lab = [replace(one, group=f"lab {one.group}") for one in lab]
    both = [*embed(songs, apart=0.8), *embed(lab, apart=6.0, seed=1)]
    folds = make_group_folds([*songs, *lab])
    validations = {
        on: cross_validate(
            both, GENRES, folds, Recipe(c=10.0), NO_WINDOWS, HeadTarget(0.85, 20, sources=on)
        )
        for on in ((), ("songs",), ("lab",))
    }
    assert (
        validations["songs",].threshold > validations[()].threshold >= validations["lab",].threshold
    )
    assert validations["songs",].temperature > validations["lab",].temperature
    report = validations["songs",].report
    assert report["accepted"]["clips"] == report["sources"][CALIBRATED_ON]["clips"] == 300
    assert report["sources"][ELSEWHERE] == report["sources"]["lab"]
    assert set(validations[()].report["sources"]) == {"songs", "lab"}
    # The heads are the same.
    assert report["sources"]["songs"]["accuracy"] == pytest.approx(
        validations["lab",].report["sources"]["songs"]["accuracy"], abs=0.02
    )


def test_a_source_that_is_left_out_whole_may_be_the_one_to_choose_on() -> None:
    clips = [
        replace(one, source=source, group=f"{source} {one.group}")
        for source in ("songs", "lab")
        for one in artists(90)
    ]
    target = HeadTarget(0.85, 20, sources=("songs",))
    validation = cross_validate(
        embed(clips), GENRES, make_source_folds(clips), Recipe(), NO_WINDOWS, target
    )
    assert validation.report["accepted"]["clips"] == 90


def test_a_source_that_no_clip_is_from_is_refused_by_name(tmp_path: Path) -> None:
    rows = [
        {"file": f"{i}.flac", "label": label, "group": str(i), "source": "songs"}
        for i, label in enumerate(("Rock", "Pop"))
    ]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "x"\nversion = "1"\nlicence = "MIT"\ndescription = ""\ntrained_on = ""\n'
        'min_tracks = 1\nmin_groups = 1\ncalibrate_on = ["songs", "sogns"]\n'
    )
    error = refused("head", recipe, "--data", table(tmp_path / "clips.csv", rows))
    assert error.code is Code.BAD_DATASET and "sogns" in error.message


def test_a_genre_that_a_fold_lacks_is_never_predicted() -> None:
    clips = [one for one in artists(60) if one.genre != "C"]
    head = fit_head(embed(clips), GENRES, Recipe(), NO_WINDOWS)
    assert all(head.compute_logits(one.embeddings).argmax(axis=1).max() < 2 for one in embed(clips))


def test_many_clips_of_one_group_do_not_outvote_the_others() -> None:
    """With `group_power` 1 a group counts as one clip, however many it has."""
    few, many = artists(30), [clip(100 + i, "A", "one artist") for i in range(300)]
    balanced = fit_head(
        embed([*few, *many]), GENRES, Recipe(group_power=1.0, class_power=0.0), NO_WINDOWS
    )
    swamped = fit_head(
        embed([*few, *many]), GENRES, Recipe(group_power=0.0, class_power=0.0), NO_WINDOWS
    )
    assert balanced.bias[0] - balanced.bias[1:].mean() < swamped.bias[0] - swamped.bias[1:].mean()


def test_clips_of_a_source_weigh_as_much_as_the_recipe_says() -> None:
    lab, songs = artists(90), [replace(one, source="songs") for one in artists(90)]
    both = [*embed(lab), *embed(songs, seed=1)]
    weights = {"songs": 3.0}
    heavy = fit_head(both, GENRES, Recipe(source_weights=weights, group_power=0), NO_WINDOWS)
    thrice = [*embed(lab), *(embed(songs, seed=1) * 3)]
    same = fit_head(thrice, GENRES, Recipe(c=0.01 * 180 / 360, group_power=0), NO_WINDOWS)
    # The weights of all clips sum to their number, so a third as many need a third of the penalty.
    assert heavy.weight == pytest.approx(same.weight, abs=0.02)


def test_degraded_copies_have_their_share_and_no_more() -> None:
    plain = embed(artists(90), apart=4.0)
    worse = embed(artists(90), apart=4.0, seed=5)
    copied = [
        replace(one, degraded=(other.embeddings, other.embeddings + 1))
        for one, other in zip(plain, worse, strict=True)
    ]
    without = fit_head(copied, GENRES, Recipe(worn=0.0), NO_WINDOWS)
    assert without.weight == pytest.approx(fit_head(plain, GENRES, Recipe(), NO_WINDOWS).weight)
    assert fit_head(copied, GENRES, Recipe(), NO_WINDOWS).weight != pytest.approx(without.weight)


def test_no_clip_is_predicted_by_a_head_that_was_fitted_to_it() -> None:
    """Labels without any reason can be learned by heart, and then only by whoever saw them."""
    rng = np.random.default_rng(0)
    clips = [clip(i, GENRES[rng.integers(3)], f"artist {i}") for i in range(150)]
    noise = [EmbeddedClip(one, rng.normal(size=(2, 200)).astype(np.float32)) for one in clips]
    head = fit_head(noise, GENRES, Recipe(c=100.0), NO_WINDOWS)
    assert np.mean([predict(head, one) == one.clip.genre for one in noise]) > 0.8
    validation = cross_validate(
        noise, GENRES, make_group_folds(clips), Recipe(c=100.0), NO_WINDOWS, TARGET
    )
    assert validation.report["accuracy"] < 0.5 and validation.report["clips"] == 150


def test_out_of_fold_scores_are_calibrated() -> None:
    clips = artists(600, per=1)
    # One window each: the mean of several independent ones is surer than it says.
    alone = [EmbeddedClip(one.clip, one.embeddings[:1]) for one in embed(clips, apart=1.5)]
    validation = cross_validate(
        alone, GENRES, make_group_folds(clips), Recipe(), NO_WINDOWS, TARGET
    )
    assert validation.report["ece"] < 0.08
    assert validation.report["chosen"]["precision_95"][0] >= 0.85
    low, high = validation.report["accepted"]["precision_95"]
    assert 0.8 < low < validation.report["accepted"]["precision"] < high < 0.96


def test_genre_sets_hold_the_truth_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(6, 0.5), size=4000)
    sharpened = probabilities**2 / (probabilities**2).sum(
        axis=1, keepdims=True
    )  # surer than it should be
    truth = np.array([rng.choice(6, p=row) for row in probabilities])
    masses = fit_set_masses(sharpened[:2000], truth[:2000])
    assert list(masses) == sorted(masses) and len(masses) == 99
    for percent in (50, 80, 90, 95):
        held = []
        for row, true in zip(sharpened[2000:], truth[2000:], strict=True):
            genres = rank_genres([str(n) for n in range(6)], row)
            chosen = prediction_set(Prediction(genres, 1, 1.0, "toy"), masses[percent - 1])
            held.append(str(true) in {genre.name for genre in chosen})
        # Whole genres are added, so a set may hold it more often.
        assert np.mean(held) > percent / 100 - 0.025


def test_words_of_a_label_choose_a_closer_genre_of_some_genres(tmp_path: Path) -> None:
    rows = [
        {"file": f"{i}.flac", "label": label, "broad": broad, "group": str(i)}
        for i, (label, broad) in enumerate(
            [
                ("Death Metal", "Rock"),
                ("reggaeton", "International"),
                ("reggae", "International"),
                ("reggae rock", "Rock"),
            ]
        )
    ]
    data = table(tmp_path / "clips.csv", rows)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "x"\nversion = "1"\nlicence = "MIT"\ndescription = ""\ntrained_on = ""\n'
        'label_column = "broad"\nmin_tracks = 1\nmin_groups = 1\n'
        '[words.Rock]\nmetal = "Metal"\n[words.International]\nreggae = "Reggae"\n'
        '[renames]\nInternational = "World"\n'
    )
    config = read_config(recipe)
    clips, _ = read_named_clips(data, config)
    assert [one.genre for one in clips] == ["Metal", "World", "Reggae", "Rock"]


def test_a_recipe_with_a_mistake_is_refused_by_name(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    for text, named in (
        ("colour = 1", "colour"),
        ("[units]\nartist = 1", "artist"),
        ("name = 'x'", "version"),
        ("name =", "Invalid"),
    ):
        recipe.write_text(text)
        error = refused("head", recipe, "--data", tmp_path)
        assert error.code is Code.BAD_CONFIG and named in error.message


@pytest.mark.usefixtures("wheel")
def test_one_command_makes_a_model_that_scan_runs(tmp_path: Path, toy_library: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "toy"\nversion = "1"\nlicence = "MIT"\ndescription = ""\ntrained_on = "Toys."\n'
        "min_tracks = 1\nmin_groups = 1\nwindows = 1\nmin_accepted = 1\n"
        'backbones = ["MTT_musicnn"]\n'
    )
    data = ("--data", toy_library, "--cache", tmp_path / "cache")
    done("head", recipe, *data, "--out", tmp_path / "run", "--bundle", tmp_path / "models")
    model = session.load(tmp_path / "models" / "toy.onnx")
    assert model.manifest.genres.names == ("Hiss", "Hum", "Whistle")
    assert model.manifest.front_end.rms_dbfs == -14.0
    assert model.manifest.pooling is None
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["outside"]["groups"]["accuracy"] > 0.8
    card = (tmp_path / "models" / "toy.md").read_text()
    assert "## Calibration" in card and "Whistle" in card
    accepted = model.manifest.scores["groups"]["accepted"]
    assert accepted["threshold"] == model.manifest.threshold and accepted["clips"] == 30
    again = tmp_path / "again"
    done("head", recipe, *data, "--out", again)
    assert (again / "model.onnx").read_bytes() == (tmp_path / "run" / "model.onnx").read_bytes()


@pytest.mark.usefixtures("wheel")
def test_a_recipe_with_units_makes_a_model_that_knows_of_albums(
    tmp_path: Path, toy_library: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "toy"\nversion = "1"\nlicence = "MIT"\ndescription = ""\ntrained_on = "Toys."\n'
        "min_tracks = 1\nmin_groups = 1\nwindows = 1\nmin_accepted = 1\n"
        'backbones = ["MTT_musicnn"]\n'
        '[aliases]\nBuzz = "Hum"\nPolka = "Folk"\n[parents]\nHum = "Calm"\nFolk = "Calm"\n'
        '[units]\nsources = ["songs"]\ncoherent = 0.9\nmin_accepted = 1\n'
    )
    rows = [
        {
            "file": str(file), "genre": file.parent.name,
            "source": "songs" if int(file.stem) < 6 else "lab",
            "group": f"{file.parent.name} {int(file.stem) // 2}",
        }
        for file in sorted(toy_library.glob("*/*.flac"))
    ]  # fmt: skip
    data = table(tmp_path / "clips.csv", rows)
    paths = ("--data", data, "--cache", tmp_path / "cache", "--out", tmp_path / "run")
    done("head", recipe, *paths, "--bundle", tmp_path / "models")
    manifest = session.load(tmp_path / "models" / "toy.onnx").manifest
    assert manifest.genres.aliases == {"Buzz": "Hum"}  # there are no clips of the other genre
    assert manifest.genres.parents == {"Hum": "Calm"}
    pooling = manifest.pooling
    assert pooling is not None and pooling.coherent == 0.9
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["units"]["parameters"] == asdict(pooling)
    assert metrics["units"]["sizes"]["2"]["units"] == 9
    assert [row["size"] for row in metrics["units"]["folders"]] == [0, 0]  # too few for more
    assert "## By album and artist" in (tmp_path / "models" / "toy.md").read_text()
