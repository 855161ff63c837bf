import json
import subprocess
import sys


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
