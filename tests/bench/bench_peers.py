"""What peers need for the same tracks: python bench_peers.py FOLDER WHEEL.

In an environment of its own, with genretag's command on the PATH:

    pip install essentia tensorflow-cpu librosa
    pip download --no-deps musicnn==0.1.0

Essentia's MusicExtractor computes the descriptors that its taggers start from; musicnn is run as
it was published: librosa loads the whole track and makes mels, its graph tags all windows.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from zipfile import ZipFile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import essentia.standard
import librosa
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


def by_essentia(file: Path) -> None:
    """All descriptors of a track."""
    essentia.log.warningActive = essentia.log.infoActive = False
    essentia.standard.MusicExtractor()(str(file))


class Musicnn:
    """The published graph with its weights."""

    def __init__(self, wheel: Path) -> None:
        v1.disable_eager_execution()
        with tempfile.TemporaryDirectory() as folder:
            ZipFile(wheel).extractall(folder)
            home = Path(folder, "musicnn", "MSD_musicnn")
            reader = v1.train.NewCheckpointReader(f"{home}/")
            names = [name for name in reader.get_variable_to_shape_map() if "/" in name]
            self._given = {
                f"{name}/read:0": reader.get_tensor(name) for name in names if "Adam" not in name
            }
            saved = v1.MetaGraphDef()
            saved.ParseFromString((home / ".meta").read_bytes())
        used = v1.graph_util.extract_sub_graph(saved.graph_def, ["model/dense_1/BiasAdd"])
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(used, name="")
        self._session = v1.Session(graph=graph)

    def __call__(self, file: Path) -> None:
        """Tags of all windows of three seconds of a track."""
        sound, _ = librosa.load(file, sr=16000)
        power = librosa.feature.melspectrogram(
            y=sound, sr=16000, hop_length=256, n_fft=512, n_mels=96
        )
        mel = np.log10(10000 * power.T.astype(np.float16) + 1)
        windows = np.stack([mel[at : at + 187] for at in range(0, len(mel) - 187, 187)])
        given = {"model/Placeholder:0": windows, "model/Placeholder_2:0": False}
        self._session.run("model/dense_1/BiasAdd:0", self._given | given)


def genretag(files: list[Path]) -> float:
    """Processor seconds of a scan with one worker, its start left out."""

    def scan(some: list[Path]) -> float:
        before = getrusage(RUSAGE_CHILDREN)
        command = ["genretag", "scan", "-n", "--no-cache", "-j1", "--policy", "replace"]
        subprocess.run([*command, *map(str, some)], capture_output=True, check=False)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return scan(files) - scan(files[:1])


def main(folder: Path, wheel: Path) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())[:6]
    ours = genretag(files) / (len(files) - 1)
    print(f"genretag scan: {ours:.3f} s of processor time a track")
    for name, listen in (("Essentia's MusicExtractor", by_essentia), ("musicnn", Musicnn(wheel))):
        listen(files[0])
        started = time.process_time()
        for file in files[1:]:
            listen(file)
        theirs = (time.process_time() - started) / (len(files) - 1)
        print(f"{name}: {theirs:.2f} s, {theirs / ours:.0f} times as much")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
