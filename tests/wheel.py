"""Checks an environment into which the wheel alone was installed: `python tests/wheel.py ENV`.

Run by `.ci/run`. It must be light, and `genretag scan` must tag a file with it, offline.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from audio_files import write_tone

LIMIT_MB = 350
HEAVY = ("torch", "scipy", "librosa", "pandas", "sklearn", "matplotlib")


def main(environment: Path) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    size_mb = sum(file.stat().st_size for file in packages.rglob("*") if file.is_file()) / 1e6
    print(f"site-packages: {size_mb:.0f} MB")
    assert size_mb < LIMIT_MB
    assert not [name for name in HEAVY if (packages / name).exists()]

    with tempfile.TemporaryDirectory() as folder:
        write_tone(Path(folder, "song.flac"), seconds=40)
        scan = [environment / "bin" / "genretag", "scan", "--threshold", "0", folder]
        subprocess.run(scan, check=True)
        again = subprocess.run([*scan, "--format", "jsonl"], check=True, capture_output=True)
        print(again.stdout.decode())
        assert b'"status": "unchanged"' in again.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
