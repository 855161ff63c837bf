"""Measures what learning costs, all tracks cached: python bench_learn.py [TRACKS] [GENRES].

The files are made by code, and the cache is filled with simulated embeddings, so that nothing is
decoded. Then `genretag learn` runs in a process of its own; needs psutil.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio_files import write_tone
from mutagen.flac import FLAC

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.prediction import Prediction, rank_genres
from genretag.domain.taxonomy import load_taxonomy
from genretag.inference import session, statistics, store
from genretag.library.cache import Cache, state
from genretag.pipeline.recall import PredictionCache

PER_ALBUM = 4


def write_library(folder: Path, cache: Cache, tracks: int, n_genres: int) -> None:
    """Write tagged files in albums of one artist each, and what the cache knows of them."""
    file = store.list_bundled()[store.DEFAULT]
    model = session.load(file, "cpu")
    known = statistics.load_statistics(file, model.digest)
    assert known, "the default model has no statistics"
    names = [one.name for one in load_taxonomy() if one.parents][: 7 * n_genres : 7]
    rng = np.random.default_rng(0)
    centres = known.simulate(known.genres, -(-n_genres // len(known.genres)))
    predictor = PredictionCache.for_model(cache, model, "balanced")
    template = write_tone(folder / "template.flac", seconds=0.1)
    for number in range(tracks):
        album, genre = number // PER_ALBUM, (number // PER_ALBUM) % len(names)
        path = folder / f"{album}" / f"{number}.flac"
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(template, path)
        tagged = FLAC(path)
        tagged.update({"artist": f"A {album}", "album": f"B {album}", "genre": names[genre]})
        tagged.save()
        noise = known.simulate([known.genres[genre % len(known.genres)]], 1, seed=number)[0]
        embedding = (0.5 * centres[genre] + 0.5 * noise).astype(np.float16)
        scores = rng.dirichlet(np.ones(len(model.manifest.genres)))
        ranked = rank_genres(model.manifest.genres.names, scores)
        prediction = Prediction(ranked, 6, 180.0, model.identity, embedding)
        with tags.open(path) as opened:
            track = opened.track
        fingerprint = number.to_bytes(16, "little")
        predictor.keep(
            Analysis(path, track, prediction, state=state(path), fingerprint=fingerprint)
        )
    template.unlink()


def measure(command: list[str], environment: dict[str, str]) -> tuple[float, float, float, str]:
    """Return seconds, processor seconds, the most MB of all its processes, and what it printed."""
    started, most, busy = time.perf_counter(), 0, 0.0
    with (
        TemporaryFile("w+") as printed,
        subprocess.Popen(command, env=environment, stdout=printed, stderr=printed) as run,
    ):
        process = psutil.Process(run.pid)
        while run.poll() is None:
            try:
                family = [process, *process.children(recursive=True)]
                most = max(most, sum(one.memory_info().rss for one in family))
                times = process.cpu_times()
                busy = times.user + times.system + times.children_user + times.children_system
            except psutil.NoSuchProcess:
                pass
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        printed.seek(0)
        text = printed.read()
    if run.returncode:
        raise SystemExit(text)
    return seconds, busy, most / 1e6, text[text.index("{") :]


def main(tracks: int, n_genres: int) -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        music, own = Path(name, "music"), Path(name, "own")
        music.mkdir()
        environment = os.environ | {
            "GENRETAG_CACHE_DIR": str(own),
            "GENRETAG_DATA_DIR": str(own),
            "GENRETAG_CONFIG": str(own / "config.toml"),
        }
        with Cache(own) as cache:
            write_library(music, cache, tracks, n_genres)
        command = [sys.executable, "-m", "genretag", "learn", "-n", "--format", "json", str(music)]
        seconds, busy, megabytes, text = measure(command, environment)
        found = json.loads(text)
        print(
            f"{tracks} tracks, {len(found['genres'])} genres: {seconds:.1f} s, "
            f"{busy:.1f} s of processor time, {megabytes:.0f} MB; {found['files']}"
        )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [10_000, 40][len(given) :]))
