"""Pairs of files of one size that are alike at their start, middle and end and sound different."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from audio_files import Signal
from recordings import record
from toy_model import HIGH_HZ, LOW_HZ

RATE = 48000
SECONDS = 32
LOUD = ((6, 10), (22, 26))
ALIKE = 1 << 14
"""Bytes that are alike at each of the three places, and more."""


@dataclass(frozen=True)
class Kind:
    """How FFmpeg writes both files.

    Between stretches of silence one plays a low tone and the other a high one; with `sides`
    one plays a tone on the left and the other on the right, as both must come out equally long.
    """

    suffix: str
    codec: str
    muxer: str
    format: str = "s16"
    options: Mapping[str, str] = field(default_factory=dict)
    sides: bool = False


UNCOMPRESSED: Mapping[str, Kind] = {
    "WAV": Kind("wav", "pcm_s16le", "wav"),
    "WAV of floats": Kind("wav", "pcm_f32le", "wav", "flt"),
    "WAV of 24 bits": Kind("wav", "pcm_s24le", "wav", "s32"),
    "WAV of mu-law": Kind("wav", "pcm_mulaw", "wav"),
    "RF64": Kind("wav", "pcm_s16le", "wav", options={"mux_rf64": "always"}),
    "Wave64": Kind("w64", "pcm_s16le", "w64"),
    "AIFF": Kind("aiff", "pcm_s16be", "aiff"),
    "AIFF-C": Kind("aifc", "pcm_s16le", "aiff"),
    "AIFF-C of floats": Kind("aifc", "pcm_f32be", "aiff", "flt"),
    "CAF": Kind("caf", "pcm_s16le", "caf"),
    "AU": Kind("au", "pcm_s16be", "au"),
    "MOV": Kind("m4a", "pcm_s16le", "mov"),
}

COMPRESSED: Mapping[str, Kind] = {
    "ADPCM": Kind("wav", "adpcm_ms", "wav"),
    "MP3": Kind("mp3", "libmp3lame", "mp3", "s16p", {"mux_write_xing": "0", "reservoir": "0"}),
    "MP2": Kind("mp2", "mp2", "mp2"),
    "AC-3": Kind("ac3", "ac3", "ac3", "fltp"),
    "Opus": Kind("opus", "libopus", "opus", "s16", {"vbr": "off", "mux_fflags": "+bitexact"}, True),
    # In frames this short even compressed silence takes some room.
    "FLAC": Kind("flac", "flac", "flac", "s16", {"frame_size": "192"}, True),
}
"""Of those, silence is as long as music, or at least long enough to fill the three places."""


def pair(name: str, folder: Path) -> tuple[Path, Path]:
    """Two files of a kind above, or of DSF."""
    if name == "DSF":
        return tuple(_dsf(folder / f"{side} DSF.dsf", hz) for side, hz in _TONES)  # type: ignore[return-value]
    kind = (UNCOMPRESSED | COMPRESSED)[name]
    if kind.sides:
        sounds = [_signal(LOW_HZ, (1, 0)), _signal(LOW_HZ, (0, 1))]
    else:
        sounds = [_signal(hz, (1, 1)) for _, hz in _TONES]
    one, other = (
        record(
            folder / f"{side} {name}.{kind.suffix}",
            sound, kind.codec, kind.muxer, kind.format, RATE, **kind.options,
        )
        for side, sound in zip("ab", sounds, strict=True)
    )  # fmt: skip
    return one, other


_TONES = (("a", LOW_HZ), ("b", HIGH_HZ))


def _loud(times: np.ndarray) -> np.ndarray:
    return np.any([(start <= times) & (times < end) for start, end in LOUD], axis=0)


def _signal(hz: float, gains: tuple[float, float]) -> Signal:
    times = np.arange(RATE * SECONDS) / RATE
    tone = np.where(_loud(times), 0.5 * np.sin(2 * np.pi * hz * times), 0.0)
    return np.array([gain * tone for gain in gains], np.float32)


def _dsf(path: Path, hz: float) -> Path:
    """One channel of DSD: the pattern of silence, and square waves."""
    rate, block = 2822400, 4096
    count = rate * SECONDS // 8 // block * block
    times = np.arange(count) * 8 / rate
    square = np.where(np.sin(2 * np.pi * hz * times) > 0, 0xFF, 0x00)
    data = np.where(_loud(times), square, 0x69).astype(np.uint8).tobytes()
    form = b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 1, 1, rate, 1, count * 8, block, 0)
    body = form + b"data" + struct.pack("<Q", 12 + count) + data
    path.write_bytes(b"DSD " + struct.pack("<QQQ", 28, 28 + len(body), 0) + body)
    return path
