"""Recordings in any codec and container that FFmpeg writes, channel by channel."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from audio_files import Signal

FULL_SCALE = {"u8": 128, "s16": 2**15, "s32": 2**31, "flt": 1, "dbl": 1}
KINDS = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "flt": np.float32, "dbl": np.float64}
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def stored(signal: Signal, kind: str) -> np.ndarray:
    """`signal` as whole numbers or floats of a sample format, [n_channels, n_samples]."""
    base = kind.removesuffix("p")
    scaled = signal.astype(np.float64) * FULL_SCALE[base]
    if base in ("flt", "dbl"):
        return scaled.astype(KINDS[base])
    top = FULL_SCALE[base]
    whole = np.clip(np.round(scaled), -top, top - 1) + (128 if base == "u8" else 0)
    return whole.astype(KINDS[base])


def record(
    path: Path,
    signal: Signal,
    codec: str,
    muxer: str,
    kind: str = "s16",
    rate: int = 44100,
    layout: str = "",
    **options: str,
) -> Path:
    """Write `signal` [n_channels, n_samples], full scale at 1.0, to `path`.

    `options` are those of the codec, or of the muxer if their names begin with `mux_`.
    """
    layout = layout or LAYOUTS[len(signal)]
    muxing = {name[4:]: value for name, value in options.items() if name.startswith("mux_")}
    coding = {name: value for name, value in options.items() if not name.startswith("mux_")}
    with av.open(str(path), "w", format=muxer, options=muxing) as out:
        stream: Any = out.add_stream(codec, rate=rate, layout=layout, format=kind)
        context = stream.codec_context
        context.options = {"strict": "experimental", **coding}
        context.thread_count = 1
        context.open()
        size = context.frame_size or 4096
        samples = stored(signal, kind)
        for start in range(0, samples.shape[1], size):
            piece = samples[:, start : start + size]
            if not kind.endswith("p"):
                piece = piece.T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(piece), format=kind, layout=layout
            )
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def wav(
    path: Path,
    data: bytes,
    *,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    tag: int = 1,
    claimed: int | None = None,
) -> Path:
    """A WAV file byte by byte, whose header may claim another size of its data."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    size = len(data) if claimed is None else claimed
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", size) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", min(4 + len(body), 2**32 - 1)) + body)
    return path
