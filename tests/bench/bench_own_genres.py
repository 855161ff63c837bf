"""Measures what `learn` writes into the other half of a library: python bench_own_genres.py FOLDER.

FOLDER gets a copy of the songs of ../shared/data with people's names of genres; it is kept, so that
a second run finds everything in the cache. Half of the artists are tagged. A name that is written
is right if it is the label's own genre, or the broader one that it was learned as.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from mutagen.oggopus import OggOpus
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from genretag.domain.taxonomy import load_taxonomy
from genretag.inference import session, store
from genretag.library.cache import Cache
from genretag.pipeline.recall import PredictionCache

DATA = Path(__file__).parents[3] / "shared" / "data"
SOURCES = ("songs", "wild")
SEEDS = range(3)
TAXONOMY = load_taxonomy()


def read_clips() -> list[dict[str, str]]:
    """Return the rows of songs as people have them."""
    with (DATA / "clips.csv").open(encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["source"] in SOURCES]


def write_library(folder: Path, rows: list[dict[str, str]], tagged: set[str]) -> dict[str, Path]:
    """Write the clips with artist, title and, where tagged, the label as genre."""
    files = {}
    for row in rows:
        artist = re.sub(r"[^\w .-]", "_", row["group"])[:60]
        path = folder / artist / Path(row["file"]).name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((DATA / row["file"]).read_bytes())
        tags = OggOpus(path)
        tags.delete()
        tags = OggOpus(path)
        tags.update({"artist": row["group"], "title": path.stem})
        if row["file"] in tagged:
            tags["genre"] = row["label"]
        tags.save()
        files[row["file"]] = path
    return files


def genretag(own: Path, *arguments: str) -> str:
    """Run the command with data of its own; 3 means that nothing was learned."""
    environment = os.environ | {
        "GENRETAG_CACHE_DIR": str(own),
        "GENRETAG_DATA_DIR": str(own),
        "GENRETAG_CONFIG": str(own / "config.toml"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "genretag", *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr)
    return done.stdout


def choose_tagged(rows: list[dict[str, str]], seed: int, most: int) -> tuple[set[str], set[str]]:
    """Return the tagged clips of half of the artists, `most` of a label, and these artists."""
    artists = sorted({row["group"] for row in rows})
    random.Random(seed).shuffle(artists)
    half = set(artists[: len(artists) // 2])
    counts: Counter[str] = Counter()
    tagged = set()
    shuffled = sorted(rows, key=lambda row: random.Random(f"{seed}{row['file']}").random())
    for row in shuffled:
        if row["group"] in half and counts[row["label"]] < most:
            counts[row["label"]] += 1
            tagged.add(row["file"])
    return tagged, half


def find_truth(found: dict, label: str) -> str | None:
    """Return the learned genre that a label is, or counts as."""
    learned = {TAXONOMY.identify(name): name for name in found["genres"]}
    counted = {TAXONOMY.identify(one["name"]): one["counts_as"] for one in found["left_out"]}
    own = TAXONOMY.identify(label)
    if own in learned:
        return learned[own]
    if own in counted:
        return counted[own]
    return next((learned[one] for one in TAXONOMY.ancestors(label) if one in learned), None)


def judge(
    rows: list[dict[str, str]],
    written: dict[Path, tuple[str, ...]],
    files: dict[str, Path],
    found: dict,
    with_families: bool = True,
) -> str:
    """Describe how many are written, and how many of these rightly."""
    right = total = 0
    for row in rows:
        names = written.get(files[row["file"]], ())
        truth = find_truth(found, row["label"])
        total += bool(names)
        families = [truth, *(TAXONOMY.ancestors(truth) if truth and with_families else ())]
        right += bool(names) and any(one and TAXONOMY.is_same(names[0], one) for one in families)
    return f"{total / len(rows):.1%}, {right / max(total, 1):.1%} right"


def scan(own: Path, folder: Path, *options: str) -> dict[Path, tuple[str, ...]]:
    """Return what a scan would write into each file."""
    lines = genretag(own, "scan", "-n", "--format", "jsonl", *options, str(folder)).splitlines()
    rows = map(json.loads, lines)
    return {Path(row["path"]): tuple(row["after"]) for row in rows if row["status"] == "planned"}


def embed(own: Path, paths: list[Path]) -> np.ndarray:
    """Return the embeddings that the cache has."""
    model = session.load(store.list_bundled()[store.DEFAULT], "cpu")
    with Cache(own) as cache:
        known = PredictionCache.for_model(cache, model, "balanced")
        found = [cache.recall(path, known.predictor) for path in paths]
    return np.stack([one.prediction.embedding for one in found]).astype(np.float64)


def main(folder: Path) -> None:
    """Measure and print a table."""
    rows, own, music = read_clips(), folder / "own", folder / "music"
    table = Table(
        "tracks a genre", "seed", "genres", "default threshold", "albums apart", "threshold 0",
        "scikit-learn", "names match: own", "default model", box=None,
    )  # fmt: skip
    defaults = session.load(store.list_bundled()[store.DEFAULT], "cpu").manifest.genres.names
    for most in (5, 10, 20, 40, 1000):
        for seed in SEEDS:
            tagged, half = choose_tagged(rows, seed, most)
            files = write_library(music, rows, tagged)
            others = [row for row in rows if row["group"] not in half]
            needed = ("--min-tracks", str(min(most, 10)))
            text = genretag(own, "learn", "--format", "json", *needed, str(music))
            found = json.loads(text)
            own_model = ("--model", "my-genres", "--from", "heard")
            writes = scan(own, music, *own_model)
            alone = scan(own, music, *own_model, "--by", "track")
            all_of_them = scan(own, music, *own_model, "--by", "track", "--threshold", "0")
            known = [row for row in others if find_truth(found, row["label"])]
            both = [
                row
                for row in known
                if any(TAXONOMY.is_same(find_truth(found, row["label"]), one) for one in defaults)
            ]
            broad = scan(own, music, "--from", "heard", "--by", "track", "--threshold", "0")
            # After the scans, in which everything was analysed.
            learned = [
                row for row in rows if row["file"] in tagged and find_truth(found, row["label"])
            ]
            train = embed(own, [files[row["file"]] for row in learned])
            test = embed(own, [files[row["file"]] for row in known])
            scaler = StandardScaler().fit(train)
            fit = LogisticRegression(C=0.005, max_iter=3000).fit(
                scaler.transform(train), [find_truth(found, row["label"]) for row in learned]
            )
            told = fit.predict(scaler.transform(test))
            theirs = np.mean(
                [
                    one == find_truth(found, row["label"])
                    for one, row in zip(told, known, strict=True)
                ]
            )
            table.add_row(
                str(most) if most < 1000 else "all",
                str(seed),
                str(len(found["genres"])),
                judge(others, writes, files, found),
                judge(others, alone, files, found),
                judge(known, all_of_them, files, found, False),
                f"{theirs:.1%}",
                judge(both, all_of_them, files, found, False),
                judge(both, broad, files, found, False),
            )
            Console(width=170).print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
