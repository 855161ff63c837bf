"""Patches and weights, made by numpy, by which our net and musicnn's graph are compared."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genretag.audio.mel import features
from genretag.domain.front_end import FrontEnd

FRONT_END = FrontEnd(16000, 512, 256, 96, "log-compression")
N_FRAMES = 187

KERNELS = {
    "MSD_musicnn": {
        "conv2d": (7, 38, 1, 204),
        "conv2d_1": (7, 67, 1, 204),
        "conv2d_2": (128, 1, 1, 51),
        "conv2d_3": (64, 1, 1, 51),
        "conv2d_4": (32, 1, 1, 51),
        "conv2d_5": (7, 561, 1, 64),
        "conv2d_6": (7, 64, 1, 64),
        "conv2d_7": (7, 64, 1, 64),
        "dense": (1506, 200),
        "dense_1": (200, 50),
    },
    "MSD_vgg": {
        "1CNN": (3, 3, 1, 128),
        **{f"{n}CNN": (3, 3, 128, 128) for n in range(2, 6)},
        "dense": (256, 50),
    },
}
NORMS = {
    "MSD_musicnn": (1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200),
    "MSD_vgg": (1, 128, 128, 128, 128, 128),
}


def sounds() -> Mapping[str, NDArray[np.float32]]:
    """Mono sounds of one patch at 16 kHz: nothing, faint, even, rising, and in a rhythm."""
    time = np.arange(FRONT_END.hop * (N_FRAMES - 1)) / FRONT_END.rate_hz
    noise = np.random.default_rng(7).uniform(-1, 1, len(time))
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (220, 277.2, 329.6, 1760))
    beats = np.exp(-8 * (2 * time % 1))
    made = {
        "silence": 0 * time,
        "faint noise": 1e-4 * noise,
        "noise": 0.5 * noise,
        "chirp": 0.5 * np.sin(2 * np.pi * (100 * time + 1200 * time**2)),
        "chord and drum": 0.15 * chord + 0.4 * beats * noise,
    }
    return {name: sound.astype(np.float32) for name, sound in made.items()}


def patches() -> NDArray[np.float32]:
    """[6, 187, 96]: what the front end makes of `sounds`, and one of random numbers."""
    heard = [features(sound, FRONT_END) for sound in sounds().values()]
    random = np.random.default_rng(11).uniform(0, 4, (N_FRAMES, FRONT_END.n_mels))
    return np.stack([*heard, random]).astype(np.float32)


def drawn_variables(network: str) -> Mapping[str, NDArray[np.float32]]:
    """Weights by chance under the checkpoint's names; some norms turn their input upside down."""
    draw = np.random.default_rng(13).uniform
    variables = {}
    for name, shape in KERNELS[network].items():
        reach = np.sqrt(3 / np.prod(shape[:-1]))
        variables[f"{name}/kernel"] = draw(-reach, reach, shape)
        variables[f"{name}/bias"] = draw(-0.2, 0.2, shape[-1])
    for n, width in enumerate(NORMS[network]):
        name = f"batch_normalization_{n}" if n else "batch_normalization"
        variables[f"{name}/gamma"] = draw(-0.5, 1.5, width)
        variables[f"{name}/beta"] = draw(-0.5, 0.5, width)
        variables[f"{name}/moving_mean"] = draw(-0.5, 1.0, width)
        variables[f"{name}/moving_variance"] = draw(0.3, 1.5, width)
    return {name: values.astype(np.float32) for name, values in variables.items()}
