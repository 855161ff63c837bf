import json
import subprocess
import sys

from audio_files import garbage, write_tone
from toy_model import HIGH_HZ

from genretag.inference import store


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, genretag.cli.app as a\n"
        "try: a.app(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'av', 'onnxruntime', 'torch', 'mutagen') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for command in ("scan", "inspect", "models", "doctor", "config", "train"):
        assert command in run.stdout
    assert run.stdout.rstrip().endswith("[]")


def test_the_help_of_scan_groups_its_options_and_gives_examples(genretag) -> None:
    shown = genretag("scan", "--help").stdout
    for words in ("Which files", "What is written", "How it listens", "What is shown", "Examples"):
        assert words in shown


def test_inspect_shows_the_tags_and_the_five_best_genres(genretag, music) -> None:
    music.mkdir()
    song = write_tone(music / "a.flac", seconds=3.0, hz=HIGH_HZ)
    run = genretag("inspect", song)
    assert run.returncode == 0, run.stderr
    assert "FLAC" in run.stdout and "none" in run.stdout
    assert run.stdout.index("High") < run.stdout.index("Low")


def test_inspect_names_a_set_of_genres_that_grows_with_its_probability(genretag, music) -> None:
    music.mkdir()
    song = write_tone(music / "a.flac", seconds=3.0)
    toy = genretag("inspect", "--set", "0.9", song)
    assert toy.returncode == 2 and "Leave out --set" in toy.stderr
    sets = [
        line.split("%", 1)[1].split(",")
        for share in ("0.5", "0.95")
        for line in genretag(
            "inspect", "--set", share, song, GENRETAG_MODEL=store.DEFAULT
        ).stdout.splitlines()
        if line.startswith("set of")
    ]
    assert 1 <= len(sets[0]) < len(sets[1]) <= 14


def test_inspect_names_a_bad_file_and_goes_on(genretag, music) -> None:
    music.mkdir()
    bad = garbage(music / "bad.mp3")
    song = write_tone(music / "a.flac", seconds=3.0)
    run = genretag("inspect", bad, song)
    assert run.returncode == 1
    assert "bad.mp3" in run.stderr and "a.flac" in run.stdout


def test_models_lists_the_bundled_one_and_shows_its_manifest(genretag) -> None:
    listed = genretag("models", "list")
    assert "genretag-musicnn (default)" in listed.stdout
    shown = json.loads(genretag("models", "show", "genretag-musicnn").stdout)
    assert shown["identity"].startswith(f"{shown['name']}@{shown['sha256'][:12]}")
    assert len(shown["genres"]) >= 10 and shown["licence"] == "MIT AND ISC"


def test_doctor_finds_all_well(genretag) -> None:
    run = genretag("doctor")
    assert run.returncode == 0, run.stdout
    for words in ("decoders", "devices", "cpu", "model", "genretag-musicnn@"):
        assert words in run.stdout


def test_version_is_told(genretag) -> None:
    assert genretag("--version").stdout.startswith("genretag 0.")
