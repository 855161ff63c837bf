"""Checks an environment into which the wheel alone was installed: `python tests/wheel.py ENV`.

Run by `.ci/run`. It must be light, and commands that need no extra must work with it, offline and
leaving nothing at home but genretag's own files.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from audio_files import write_tone
from tracing import Machine

LIMIT_MB = 350
INSTALLERS = ("pip", "setuptools", "_distutils_hack", "pkg_resources")
HEAVY = ("torch", "scipy", "librosa", "pandas", "sklearn", "matplotlib")


def main(environment: Path) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    # What a fresh environment has before anything is installed into it is not ours.
    ours = [folder for folder in packages.iterdir() if not folder.name.startswith(INSTALLERS)]
    files = (file for folder in ours for file in [folder, *folder.rglob("*")] if file.is_file())
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    print(f"site-packages without pip and setuptools: {size_mb:.0f} MB")
    assert size_mb < LIMIT_MB
    assert not [name for name in HEAVY if (packages / name).exists()]
    assert {"py.typed", "__init__.pyi"} <= {file.name for file in (packages / "genretag").iterdir()}

    with tempfile.TemporaryDirectory() as folder:
        genretag = environment / "bin" / "genretag"
        (home := Path(folder, "home")).mkdir()
        machine = Machine(home)
        song = write_tone(Path(folder, "song.flac"), seconds=40)
        scan = [genretag, "scan", "--threshold", "0", folder]
        machine.run(*scan)
        again = machine.run(*scan, "--format", "jsonl")
        print(again.stdout)
        assert '"status": "unchanged"' in again.stdout
        page = Path(folder, "page.html")
        for arguments in (["inspect", song], ["evaluate", folder], ["report", folder, "-o", page]):
            machine.run(genretag, *arguments)
        assert machine.files and not machine.foreign
        assert page.stat().st_size > 20_000
        plot = subprocess.run([genretag, "inspect", "--plot", Path(folder, "a.png"), song])
        assert plot.returncode == 4


if __name__ == "__main__":
    main(Path(sys.argv[1]))
