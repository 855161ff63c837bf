"""Audio for tests, all of it made by code: signals, and files in every container.

What FFmpeg can write, FFmpeg writes. For the few containers that it only reads, or does not
know, `CRAFTED` builds the smallest file that readers of tags accept.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import mutagen.ogg
import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]
"""[n_channels, n_samples], full scale at 1.0."""


def tone(seconds: float, rate: int = 44100, hz: float = 440.0, channels: int = 2) -> Signal:
    """A sine at half of full scale."""
    samples = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.tile(samples.astype(np.float32), (channels, 1))


def noise(seconds: float, rate: int = 44100, channels: int = 2, seed: int = 0) -> Signal:
    """White noise at a tenth of full scale, the same for the same seed."""
    samples = np.random.default_rng(seed).normal(0, 0.1, (channels, round(seconds * rate)))
    return samples.astype(np.float32)


def chirp(seconds: float, rate: int = 44100, channels: int = 2) -> Signal:
    """A sine that rises from 100 Hz to a quarter of the rate."""
    times = np.arange(round(seconds * rate)) / rate
    slope = (rate / 4 - 100) / max(seconds, 1e-9)
    samples = 0.5 * np.sin(2 * np.pi * (100 * times + slope / 2 * times**2))
    return np.tile(samples.astype(np.float32), (channels, 1))


@dataclass(frozen=True)
class Recipe:
    """How FFmpeg writes one kind of file."""

    suffix: str
    muxer: str
    codec: str
    format: str = "fltp"
    rate: int = 44100
    options: Mapping[str, str] = field(default_factory=dict)
    bit_rate: int = 128_000
    codec_options: Mapping[str, str] = field(default_factory=dict)


RECIPES: Mapping[str, Recipe] = {
    "FLAC": Recipe("flac", "flac", "flac", "s16"),
    "Opus": Recipe("opus", "opus", "libopus", "flt", 48000),
    "Ogg Vorbis": Recipe("ogg", "ogg", "vorbis"),
    "Ogg FLAC": Recipe("oga", "oga", "flac", "s16"),
    "MP4": Recipe("m4a", "ipod", "aac"),
    "MP4 moov first": Recipe("m4b", "mp4", "aac", options={"movflags": "+faststart"}),
    "MP4 fragmented": Recipe(
        "mp4", "mp4", "aac", options={"movflags": "+frag_keyframe+empty_moov"}
    ),
    "MP4 ALAC": Recipe("m4a", "ipod", "alac", "s16p"),
    "ASF": Recipe("wma", "asf", "wmav2"),
    "WAV": Recipe("wav", "wav", "pcm_s16le", "s16"),
    "AIFF": Recipe("aiff", "aiff", "pcm_s16be", "s16"),
    "WavPack": Recipe("wv", "wv", "wavpack", "s16p"),
    "TTA": Recipe("tta", "tta", "tta", "s16"),
    "AAC": Recipe("aac", "adts", "aac"),
    "MP3": Recipe("mp3", "mp3", "libmp3lame", options={"id3v2_version": "0"}),
    "MP2": Recipe("mp2", "mp2", "mp2", "s16"),
    "Matroska": Recipe("mka", "matroska", "flac", "s16"),
    "WebM": Recipe("webm", "webm", "libopus", "flt", 48000),
}
"""What FFmpeg writes, by container, and a few variants of them."""


def encode(path: Path, signal: Signal, recipe: Recipe) -> Path:
    """Write `signal`, at the recipe's rate, to `path`."""
    layout = "mono" if len(signal) == 1 else "stereo"
    # Bit-exact muxers leave out their own name, which would be a tag.
    options = {"fflags": "+bitexact", **recipe.options}
    with av.open(str(path), "w", format=recipe.muxer, options=options) as out:
        stream: Any = out.add_stream(
            recipe.codec, rate=recipe.rate, layout=layout, format=recipe.format
        )
        stream.bit_rate = recipe.bit_rate
        stream.codec_context.options = {"strict": "experimental", **recipe.codec_options}
        stream.codec_context.thread_count = 1
        stream.codec_context.open()
        frame_size = stream.codec_context.frame_size or 4096
        for start in range(0, signal.shape[1], frame_size):
            frame = _frame(signal[:, start : start + frame_size], recipe, layout)
            frame.pts = start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _frame(signal: Signal, recipe: Recipe, layout: str) -> av.AudioFrame:
    planar = recipe.format.endswith("p")
    whole = np.round(np.clip(signal, -1, 1) * 32767)  # or a loud sample would become its opposite
    samples = signal if recipe.format.startswith("flt") else whole
    kind = np.float32 if recipe.format.startswith("flt") else np.int16
    array = samples.astype(kind) if planar else samples.T.reshape(1, -1).astype(kind)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(array), format=recipe.format, layout=layout
    )
    frame.sample_rate = recipe.rate
    return frame


def write_tone(
    path: Path, seconds: float = 1.0, rate: int = 44100, channels: int = 2, hz: float = 440.0
) -> Path:
    """A sine in the container that the suffix of `path` stands for."""
    found = next(recipe for recipe in RECIPES.values() if recipe.suffix == path.suffix[1:])
    recipe = Recipe(found.suffix, found.muxer, found.codec, found.format, rate, found.options)
    return encode(path, tone(seconds, rate, hz, channels), recipe)


def copies(path: Path, count: int) -> list[Path]:
    """Return the WAV file `path` and copies beside it, 001 and so on; `count` in all.

    One sample of each is another, as what is known of a sound is not analysed again.
    """
    content = bytearray(path.read_bytes())
    found = [path, *(path.with_stem(f"{n:03}") for n in range(1, count))]
    for n, copy in enumerate(found[1:], 1):
        content[1000:1002] = n.to_bytes(2, "little")
        copy.write_bytes(content)
    return found


def sparse_hours(path: Path, hours: float) -> Path:
    """Write a sparse WAV file of silence, with a second of sound at its end."""
    rate, frame = 44100, 4
    size = int(hours * 3600) * rate * frame
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, rate,
        rate * frame, frame, 16, b"data", size,
    )  # fmt: skip
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)
        file.seek(len(header) + size - rate * frame)
        file.write((tone(1.0, rate) * 30000).astype("<i2").T.tobytes())
    return path


def make(container: str, folder: Path, seconds: float = 0.3) -> Path:
    """A file of `container`, a name in RECIPES or CRAFTED, without any tag of its own."""
    if container in CRAFTED:
        suffix, build = CRAFTED[container]
        path = folder / f"{_stem(container)}.{suffix}"
        path.write_bytes(build())
        return path
    recipe = RECIPES[container]
    path = folder / f"{_stem(container)}.{recipe.suffix}"
    return encode(path, tone(seconds, recipe.rate), recipe)


def _stem(container: str) -> str:
    return "".join(letter for letter in container.lower() if letter.isalnum())


def truncated(path: Path, share: float = 0.5) -> Path:
    """Cut the end off `path`, keeping `share` of its bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def garbage(path: Path, size: int = 4096, seed: int = 0) -> Path:
    """Bytes that mean nothing, the same for the same seed."""
    path.write_bytes(np.random.default_rng(seed).bytes(size))
    return path


def _sound(size: int) -> bytes:
    """Bytes that stand for sound where no encoder is at hand; never a sync word or a tag."""
    return bytes(np.random.default_rng(1).integers(1, 64, size, dtype=np.uint8))


def speex() -> bytes:
    """Ogg Speex: a header, empty comments and packets that no decoder has seen."""
    header = b"Speex   " + b"1.2".ljust(20, b"\0")
    header += struct.pack("<iiiiiiiiiiiii", 1, 80, 16000, 1, 4, 1, -1, 320, 0, 1, 0, 0, 0)
    comments = struct.pack("<I", 5) + b"speex" + struct.pack("<I", 0)
    pages = []
    for sequence, packets in enumerate(([header], [comments], [_sound(60)] * 20)):
        page = mutagen.ogg.OggPage()
        page.packets, page.serial, page.sequence = packets, 77, sequence
        page.position = 0 if sequence < 2 else 6400
        page.first, page.last = sequence == 0, sequence == 2
        pages.append(page.write())
    return b"".join(pages)


def dsf() -> bytes:
    """DSF: 4096 bytes of one channel at 2.8 MHz."""
    data = b"data" + struct.pack("<Q", 12 + 4096) + b"\x69" * 4096
    form = struct.pack("<QIIIIIIQII", 52, 1, 0, 1, 1, 2822400, 1, 32768, 4096, 0)
    body = b"fmt " + form + data
    return b"DSD " + struct.pack("<QQQ", 28, 28 + len(body), 0) + body


def monkeys_audio() -> bytes:
    """Monkey's Audio 3.99: descriptor, header, one seek entry and a frame."""
    frame = _sound(600)
    header = struct.pack("<HHIIIHHI", 2000, 0, 73728, 4096, 1, 16, 2, 44100)
    sizes = struct.pack("<IIIIIII", 52, len(header), 4, 44, len(frame), 0, 0)
    descriptor = b"MAC " + struct.pack("<HH", 3990, 0) + sizes + bytes(16)
    start = len(descriptor) + len(header) + 4 + 44
    return descriptor + header + struct.pack("<I", start) + bytes(44) + frame


def musepack() -> bytes:
    """Musepack SV7: a header for 10 frames, then frames."""
    flags = (1 << 30) | (20 << 24)  # joint stereo, 20 bands
    header = b"MP+\x07" + struct.pack("<IIHHHHI", 10, flags, 0, 0, 0, 0, 0) + bytes(8)
    return header + _sound(800)


def optimfrog() -> bytes:
    """OptimFROG: its header block, then a block of sound."""
    header = struct.pack("<IHBBI", 13230, 0, 2, 1, 44100) + bytes([1, 0, 0])
    return b"OFR " + struct.pack("<I", len(header)) + header + b"COMP" + _sound(600)


CRAFTED: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "Speex": ("spx", speex),
    "DSF": ("dsf", dsf),
    "Monkey's Audio": ("ape", monkeys_audio),
    "Musepack": ("mpc", musepack),
    "OptimFROG": ("ofr", optimfrog),
}
"""What no encoder here writes: suffix, and the bytes of a file."""
