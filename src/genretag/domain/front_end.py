"""Settings of mel spectrograms, and those that published families of models need."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

Scaling = Literal["db-minmax", "log-compression", "natural-log"]
Hann = Literal["periodic", "symmetric"]
MelScale = Literal["slaney", "htk"]
FilterAxis = Literal["hz", "mel"]
FilterNorm = Literal["area", "peak"]
FilterPrecision = Literal["double", "single"]

MOST_NUMBERS = 2**25
"""Most samples of a window, and most numbers in its frames: some 400 MB while it is computed."""

_WHOLE_NUMBERS: Mapping[str, tuple[int, int]] = {
    "rate_hz": (1000, 384_000),
    "n_fft": (2, 65_536),
    "hop": (1, 65_536),
    "n_mels": (1, 1024),
    "frame_length": (2, 65_536),
    "power": (1, 2),
}
_NUMBERS: Mapping[str, tuple[float, float]] = {
    "rms_dbfs": (-200.0, 200.0),
    "low_hz": (0.0, 192_000.0),
    "high_hz": (0.0, 192_000.0),
    "mean": (-1e6, 1e6),
    "deviation": (1e-6, 1e6),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "scaling": get_args(Scaling),
    "hann": get_args(Hann),
    "mel_scale": get_args(MelScale),
    "filter_axis": get_args(FilterAxis),
    "filter_norm": get_args(FilterNorm),
    "filter_precision": get_args(FilterPrecision),
}
"""What the fields may be; limits are generous, but no manifest may ask for gigabytes."""
_OPTIONAL = ("rms_dbfs", "frame_length", "high_hz")
_MOST_FILTERS = 2**24
_NARROWEST_HZ = 1.0


@dataclass(frozen=True)
class FrontEnd:
    """Settings of the mel spectrogram that is the model's input; see `genretag.audio.mel`.

    The defaults are those of librosa.

    Attributes:
        rate_hz: sample rate.
        n_fft: length of the Fourier transform in samples, even.
        hop: from one frame to the next, in samples.
        n_mels: number of mel bands.
        scaling: a key of `genretag.audio.mel.SCALINGS`.
        rms_dbfs: RMS level to which the waveform is brought first, in dB relative to full
            scale; None to leave it.
        frame_length: length of a frame in samples, even, at most `n_fft`, to which zeros are
            appended; None for `n_fft`.
        hann: how the Hann window of a frame ends: `periodic`, or `symmetric` with a zero.
        mel_scale: the formula of the mel scale.
        low_hz: lower end of the lowest band.
        high_hz: upper end of the highest band; None for half the rate.
        filter_axis: on which axis the filters are triangles.
        filter_norm: what is 1 about each filter: its area over Hz, or its peak.
        filter_precision: in which the ends of the filters are added up; Essentia's is single.
        power: 2 for the power spectrum, 1 for magnitudes.
        mean: subtracted after scaling.
        deviation: by which the difference is divided.
        centred: whether the first frame has its centre at the first sample, with zeros before
            and after the sound; else all frames lie inside the sound.

    Raises:
        ValueError: a value is of another type or out of range.
    """

    rate_hz: int
    n_fft: int
    hop: int
    n_mels: int
    scaling: Scaling
    rms_dbfs: float | None = None
    frame_length: int | None = None
    hann: Hann = "periodic"
    mel_scale: MelScale = "slaney"
    low_hz: float = 0.0
    high_hz: float | None = None
    filter_axis: FilterAxis = "hz"
    filter_norm: FilterNorm = "area"
    filter_precision: FilterPrecision = "double"
    power: int = 2
    mean: float = 0.0
    deviation: float = 1.0
    centred: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in _WHOLE_NUMBERS.items():
            if not self._is_absent(name):
                _check_number(name, getattr(self, name), (int,), least, most)
        for name, (low, high) in _NUMBERS.items():
            if not self._is_absent(name):
                _check_number(name, getattr(self, name), (int, float), low, high)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} {getattr(self, name)!r:.40} is none of {choices}")
        if type(self.centred) is not bool:
            raise ValueError(f"centred must be true or false, not {self.centred!r:.40}")
        if self.n_fft % 2 or self.frame_samples % 2:
            raise ValueError("n_fft and frame_length must be even, or frames have no centre")
        if self.frame_samples > self.n_fft:
            raise ValueError(f"frame_length must be at most n_fft, not {self.frame_length}")
        if not self.low_hz + self.n_mels * _NARROWEST_HZ <= self.top_hz <= self.rate_hz / 2:
            raise ValueError(
                f"{self.n_mels} bands do not fit into {self.low_hz:g} to {self.top_hz:g} Hz at"
                f" {self.rate_hz} Hz"
            )
        if self.n_fft * self.n_mels > _MOST_FILTERS:
            raise ValueError(f"{self.n_mels} bands are too many for an n_fft of {self.n_fft}")

    def _is_absent(self, name: str) -> bool:
        return name in _OPTIONAL and getattr(self, name) is None

    @property
    def frame_samples(self) -> int:
        """Length of a frame in samples."""
        return self.n_fft if self.frame_length is None else self.frame_length

    @property
    def top_hz(self) -> float:
        """Upper end of the highest band."""
        return self.rate_hz / 2 if self.high_hz is None else self.high_hz

    def count_frames(self, n_samples: int) -> int:
        """Return how many frames there are in `n_samples`; none if no frame lies inside.

        >>> FRONT_ENDS["musicnn"].count_frames(16000)
        61
        """
        room = n_samples if self.centred else n_samples - self.frame_samples
        return max(0, 1 + room // self.hop)

    def count_samples(self, n_frames: int) -> int:
        """Return the least number of samples in which there are `n_frames`, at least 1.

        >>> FRONT_ENDS["musicnn"].count_samples(187)
        48128
        """
        return (n_frames - 1) * self.hop + (0 if self.centred else self.frame_samples)


def _check_number(
    name: str, number: object, types: tuple[type, ...], least: float, most: float
) -> None:
    # A comparison is safe for what JSON can hold: NaN fails it, huge whole numbers do too.
    if type(number) not in types or not least <= number <= most:  # type: ignore[operator]
        kind = "a whole number" if types == (int,) else "a number"
        raise ValueError(f"{name} must be {kind} from {least:g} to {most:g}, not {number!r:.40}")


_MUSICNN = FrontEnd(
    16000,
    512,
    256,
    96,
    "log-compression",
    hann="symmetric",
    filter_precision="single",
    centred=False,
)

FRONT_ENDS: Mapping[str, FrontEnd] = {
    "musicnn": _MUSICNN,
    "maest": replace(_MUSICNN, mean=2.06755686098554, deviation=2 * 1.268292820667291),
    "vggish": FrontEnd(
        16000,
        512,
        160,
        64,
        "natural-log",
        frame_length=400,
        hann="symmetric",
        mel_scale="htk",
        low_hz=125.0,
        high_hz=7500.0,
        filter_axis="mel",
        filter_norm="peak",
        filter_precision="single",
        power=1,
        centred=False,
    ),
}
"""Front ends of published families, as Essentia's algorithms compute them.

- `musicnn`: TensorflowInputMusiCNN, for MusiCNN and Discogs-EffNet; J. Pons, X. Serra,
  "musicnn: pre-trained convolutional neural networks for music audio tagging", 2019.
- `maest`: the same, shifted and scaled as TensorflowPredictMAEST does; P. Alonso-Jiménez,
  X. Serra, D. Bogdanov, "Efficient supervised training of audio transformers for music
  representation learning", ISMIR 2023.
- `vggish`: TensorflowInputVGGish; S. Hershey et al., "CNN architectures for large-scale audio
  classification", ICASSP 2017.

The frames lie inside the sound, so that a window of the middle of a song has the frames that
Essentia has there.
"""
