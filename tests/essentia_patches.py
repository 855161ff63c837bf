"""What Essentia's own algorithms make of a sound for a model, and sounds to compare by.

The chain is that of TensorflowPredictMusiCNN, -EffnetDiscogs, -MAEST and -VGGish up to the net:
FrameCutter, TensorflowInput..., VectorRealToTensor, each with the settings that these give it.
"""

from collections.abc import Mapping

import essentia
import essentia.standard as standard
import essentia.streaming as streaming
import numpy as np
from audio_files import noise, tone
from numpy.typing import NDArray

from genretag.audio.decode import read_excerpts
from genretag.domain.front_end import FRONT_ENDS
from genretag.domain.window import Excerpt

essentia.log.infoActive = False

Samples = NDArray[np.float32]

RATE = 16000
SECONDS = 4.0
CLOSE = 1e-3
"""The largest difference between two values of scaled mels that is promised."""

INPUTS = {"musicnn": "TensorflowInputMusiCNN", "vggish": "TensorflowInputVGGish"}
MEL_BANDS = {
    "musicnn": {
        "numberBands": 96,
        "highFrequencyBound": 8000,
        "warpingFormula": "slaneyMel",
        "weighting": "linear",
        "normalize": "unit_tri",
    },
    "vggish": {
        "numberBands": 64,
        "lowFrequencyBound": 125,
        "highFrequencyBound": 7500,
        "warpingFormula": "htkMel",
        "weighting": "warping",
        "normalize": "unit_max",
    },
}
"""What they set MelBands to."""
PATCHES: Mapping[str, tuple[str, int, int]] = {
    "MusiCNN": ("musicnn", 187, 93),
    "EffnetDiscogs": ("musicnn", 128, 62),
    "VGGish": ("vggish", 96, 93),
}
"""The front end of an algorithm, frames in a patch, frames from one patch to the next."""


def sweep() -> Samples:
    """A sine from 20 Hz to half the rate, at nearly full scale."""
    times = np.arange(round(SECONDS * RATE)) / RATE
    rise = np.log(RATE / 2 / 20) / SECONDS
    return (0.99 * np.sin(2 * np.pi * 20 * np.expm1(rise * times) / rise)).astype(np.float32)


def click() -> Samples:
    """One sample of full scale in silence."""
    samples = np.zeros(round(SECONDS * RATE), np.float32)
    samples[len(samples) // 2] = 1.0
    return samples


def one(signal: NDArray[np.float32]) -> Samples:
    return signal[0]


NOISE = one(noise(SECONDS, RATE, channels=1))
SOUNDS: Mapping[str, Samples] = {
    "tone, 440 Hz": one(tone(SECONDS, RATE, 440.0, channels=1)),
    "tone, 7.9 kHz": one(tone(SECONDS, RATE, 7900.0, channels=1)),
    "noise": NOISE,
    "sweep": sweep(),
    "click": click(),
    "silence": np.zeros(round(SECONDS * RATE), np.float32),
    "half silent": np.concatenate([NOISE[: len(NOISE) // 2], 0 * NOISE[len(NOISE) // 2 :]]),
    "noise at -80 dB": NOISE * np.float32(1e-3),
    "clipped noise": np.clip(NOISE * np.float32(100), -1.0, 1.0),
    "square, full scale": np.sign(one(tone(SECONDS, RATE, 440.0, channels=1))),
    "odd length": NOISE[:-77],
}


FAINT = NOISE * np.float32(1e-4)
"""At -100 dB Essentia takes a frame for silent, and adds noise of -100 dB (of power) to it."""


def decode(path) -> Samples:
    """All of a file, by genretag."""
    (heard,) = read_excerpts(path, RATE, lambda length_s: [Excerpt(0.0, length_s)])
    return heard.samples


def compute(
    samples: Samples,
    name: str,
    n_frames: int = 1,
    patch_hop: int = 1,
    last: str = "discard",
    from_zero: bool = False,
) -> tuple[Samples, Samples]:
    """Frames [n_frames, n_mels] of a sound, and its patches [n_patches, n_frames, n_mels]."""
    front_end, pool = FRONT_ENDS[name], essentia.Pool()
    sound = streaming.VectorInput(samples)
    cutter = streaming.FrameCutter(
        frameSize=front_end.frame_samples, hopSize=front_end.hop, startFromZero=from_zero
    )
    mels = getattr(streaming, INPUTS[name])()
    patches = streaming.VectorRealToTensor(
        shape=[1, 1, n_frames, front_end.n_mels], lastPatchMode=last, patchHopSize=patch_hop
    )
    flat = streaming.TensorToVectorReal()
    _ = sound.data >> cutter.signal
    _ = cutter.frame >> mels.frame
    _ = mels.bands >> (pool, "frames")
    _ = mels.bands >> patches.frame
    _ = patches.tensor >> flat.tensor
    _ = flat.frame >> (pool, "patches")
    essentia.run(sound)
    rows = pool["patches"] if "patches" in pool.descriptorNames() else np.zeros(0, np.float32)
    return pool["frames"], rows.reshape(-1, n_frames, front_end.n_mels)


def compute_frames(samples: Samples, name: str) -> Samples:
    """The frames alone, without noise in silent ones; much quicker than streams from Python."""
    front_end, mels = FRONT_ENDS[name], getattr(standard, INPUTS[name])()
    frames = standard.FrameGenerator(
        samples, frameSize=front_end.frame_samples, hopSize=front_end.hop
    )
    return np.array([mels(frame) for frame in frames])


def compute_filters(name: str) -> Samples:
    """Essentia's mel filters, [1 + n_fft // 2, n_mels]."""
    n_bins = 1 + FRONT_ENDS[name].n_fft // 2
    bands = standard.MelBands(
        inputSize=n_bins, sampleRate=RATE, type="magnitude", **MEL_BANDS[name]
    )
    return np.array([bands(spectrum) for spectrum in np.eye(n_bins, dtype=np.float32)])


def count_padded(name: str) -> int:
    """Frames that start before the sound."""
    return -(-FRONT_ENDS[name].frame_samples // 2 // FRONT_ENDS[name].hop)


def pad(samples: Samples, name: str) -> Samples:
    """The sound with the zeros before and after it that Essentia's frames have there."""
    front_end = FRONT_ENDS[name]
    before, n_frames = front_end.frame_samples // 2, 1 - (-len(samples) // front_end.hop)
    after = front_end.count_samples(n_frames) - before - len(samples)
    return np.pad(samples, (before, after))
