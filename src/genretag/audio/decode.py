"""Decodes excerpts of any file that FFmpeg reads, to mono at one sample rate."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.filter
import numpy as np
from av import AudioFrame
from av.container import InputContainer
from numpy.typing import NDArray

from genretag.domain.window import Excerpt, Plan, Waveform
from genretag.errors import Code, FileError, read_error

# Frames before an excerpt that are decoded and thrown away: after a seek, MP3 lacks its bit
# reservoir, Opus wants 80 ms to converge, and AAC, Vorbis and WMA overlap with a lost frame.
PREROLL_S = 0.25
# Frames are joined before they are mixed, as a call for each of them costs more than its samples,
# and once more behind, as an excerpt is one array.
_MIXED_SAMPLES = 8192
_GATHER_SAMPLES = 65536
# Float files may hold anything. Up to here, the power of a spectrum is still a float32.
_LOUDEST = 1e12
_PICTURES = ("mjpeg", "png", "bmp", "gif", "webp", "tiff")
# Tags are not read here, so those that are not UTF-8 must not stop a decode. From version 19
# on, PyAV keeps their bytes by itself and no longer takes the argument.
_LENIENT: dict[str, Any] = (
    {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}
)


def read_excerpts(path: Path, rate_hz: int, plan: Plan) -> Iterator[Waveform]:
    """Decode the excerpts of `path` that `plan` asks for, one at a time.

    Channels are averaged with equal weight, so a mono file and its stereo copy give the same.
    Excerpts are found by seeking; where a file's header promises more audio than there is,
    its packets are counted and the plan is made again for the true duration.

    Args:
        path: an audio file.
        rate_hz: sample rate of the waveforms.
        plan: from the duration in seconds to the excerpts, in ascending order.

    Yields:
        Waveforms [n_samples] at `rate_hz`, exact to the sample where the container's
        timestamps are, shorter where the file ends; none is empty.

    Raises:
        FileError: `not-found`, `no-permission` or `read-failed`, it cannot be opened;
            `not-audio`, it has no audio; `undecodable`, not a sample can be decoded.
    """
    with open_audio(path) as container:
        audio = _AudioFile(path, container)
        is_empty = True
        for excerpt in plan(audio.duration_s):
            waveform = audio.excerpt(excerpt, rate_hz)
            if not len(waveform.samples):
                break
            is_empty = False
            yield waveform
        else:
            return
        for excerpt in plan(audio.counted_duration_s()):
            waveform = audio.excerpt(excerpt, rate_hz)
            if len(waveform.samples):
                is_empty = False
                yield waveform
        # Audio shorter than one sample at the new rate gives none, but is not damaged.
        if is_empty and not audio.decoded:
            raise _undecodable_error(path)


def read_duration_s(path: Path) -> float:
    """Return the duration of `path` in seconds by its header; FileError as `read_excerpts`."""
    with open_audio(path) as container:
        return _AudioFile(path, container).duration_s


def has_video(path: Path) -> bool:
    """Tell whether `path` is a film; FileError if it cannot be opened.

    Covers, and pictures that change with the chapters of a podcast, make no film.
    """
    with open_audio(path) as container:
        return any(_is_film(stream) for stream in container.streams.video)


def _is_film(stream: av.VideoStream) -> bool:
    context = stream.codec_context  # None without a decoder, whatever its type says
    name = context.name if context is not None else ""
    return name not in _PICTURES or (stream.average_rate or 0) > 1


@contextmanager
def open_audio(path: Path) -> Iterator[InputContainer]:
    """Open a file with FFmpeg for the context; FileError if it cannot be opened or read."""
    # The prefix keeps FFmpeg from taking a name with a colon for an address.
    url = f"file:{path.absolute()}"
    try:
        container = av.open(url, **_LENIENT)
    except av.error.FFmpegError as error:
        raise _open_error(path, error) from error
    with container:
        try:
            yield container
        except av.error.FFmpegError as error:
            raise _undecodable_error(path) from error


def _open_error(path: Path, error: av.error.FFmpegError) -> FileError:
    if isinstance(error, PermissionError | FileNotFoundError):
        # FFmpeg raises these over the content of a file too, so ask the system.
        try:
            path.open("rb").close()
        except OSError as refusal:
            return read_error(path, refusal)
        return not_audio_error(path)
    return read_error(path, error) if isinstance(error, OSError) else not_audio_error(path)


def not_audio_error(path: Path) -> FileError:
    """Return the error for a file in which FFmpeg finds no audio."""
    return FileError(
        Code.NOT_AUDIO,
        f"{path}: there is no audio in it that FFmpeg understands",
        "The file is damaged, or its name is wrong.",
    )


def _undecodable_error(path: Path) -> FileError:
    return FileError(
        Code.UNDECODABLE,
        f"{path}: not a sample of its audio can be decoded",
        "The file is damaged or encrypted; try whether a player plays it.",
    )


class _AudioFile:
    """The best audio stream of an open file; times are in seconds from the start of that stream.

    Attributes:
        decoded: whether any excerpt had a sample in it.
    """

    def __init__(self, path: Path, container: InputContainer) -> None:
        # Cover art and video are streams of their own and never looked at.
        stream = container.streams.best("audio")
        if not isinstance(stream, av.AudioStream):
            raise not_audio_error(path)
        self._container = container
        self._stream = stream
        self._begin_s = _seconds(stream.start_time, stream.time_base)
        self._at_start = True
        self.decoded = False
        # In these, FFmpeg seeks by a byte rate that is often wrong, and gives wrong timestamps.
        context = stream.codec_context  # None without a decoder, whatever its type says
        adpcm = context is not None and context.codec.canonical_name.startswith("adpcm_")
        self._can_seek = not adpcm and container.format.name != "rm"

    @property
    def duration_s(self) -> float:
        """The duration by the header of stream or container; counted where neither has it."""
        if self._stream.duration:
            return _seconds(self._stream.duration, self._stream.time_base)
        if self._container.duration:
            return self._container.duration / av.time_base
        return self.counted_duration_s()

    def counted_duration_s(self) -> float:
        """Return the duration by the timestamps of all packets; 0.0 if there are none."""
        self._seek(0.0)
        end_s = 0.0
        try:
            for packet in self._container.demux(self._stream):
                if packet.pts is not None:
                    ticks = packet.pts + (packet.duration or 0)
                    end_s = max(end_s, _seconds(ticks, packet.time_base) - self._begin_s)
        except av.error.FFmpegError:
            pass  # a damaged end: what came before it counts
        return end_s

    def excerpt(self, excerpt: Excerpt, rate_hz: int) -> Waveform:
        """Decode one excerpt, [n_samples] mono at `rate_hz`; empty past the end."""
        self._seek(excerpt.start_s - PREROLL_S)
        downmix = _Downmix(rate_hz)
        first_s = None
        next_s = 0.0
        for frame in self._frames():
            at_s = next_s if frame.time is None else frame.time - self._begin_s
            next_s = at_s + frame.samples / frame.sample_rate
            if next_s <= excerpt.start_s:
                continue
            if at_s >= excerpt.end_s:
                break
            first_s = at_s if first_s is None else first_s
            self.decoded = True
            downmix.push(frame)
        start_s = excerpt.start_s if first_s is None else first_s
        skipped = max(0, round((excerpt.start_s - start_s) * rate_hz))
        wanted = round(excerpt.length_s * rate_hz)
        samples = downmix.finish()[skipped : skipped + wanted]
        return Waveform(samples, rate_hz, max(start_s, excerpt.start_s))

    def _seek(self, time_s: float) -> None:
        """Go to a keyframe at or before `time_s` to read on; stay where a stream cannot seek."""
        # Some demuxers lose their place over a seek that fails, such as that for FLAC files of
        # one frame, so none is tried where it is not needed.
        time_s = max(time_s, 0.0) if self._can_seek else 0.0
        at_start, self._at_start = self._at_start, False
        if at_start and time_s == 0.0:
            return
        offset = round((time_s + self._begin_s) / float(self._stream.time_base or 1))
        with suppress(av.error.FFmpegError):
            self._container.seek(offset, stream=self._stream)

    def _frames(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue  # a damaged packet costs its own audio, not the file
            except av.error.FFmpegError:
                return
            yield from (frame for frame in frames if isinstance(frame, AudioFrame))


class _Downmix:
    """Mixes to mono and resamples by libswresample in a filter graph; follows format changes."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._format: tuple[str, str, int] | None = None
        self._graph: av.filter.Graph | None = None
        self._parts: list[NDArray[np.float32]] = []

    def push(self, frame: AudioFrame) -> None:
        """Add the next frame."""
        format_ = (frame.format.name, frame.layout.name, frame.sample_rate)
        if format_ != self._format:
            self._drain()
            self._format, self._graph = format_, self._build_graph(frame)
        assert self._graph is not None
        self._graph.push(frame)

    def finish(self) -> NDArray[np.float32]:
        """Return all samples, [n_samples] float32; what is not a number becomes silence."""
        self._drain()
        if not self._parts:
            return np.zeros(0, np.float32)
        numbers = np.nan_to_num(np.concatenate(self._parts), nan=0.0, posinf=0.0, neginf=0.0)
        return np.clip(numbers, -_LOUDEST, _LOUDEST)

    def _build_graph(self, frame: AudioFrame) -> av.filter.Graph:
        channels = len(frame.layout.channels)
        # "<" scales the gains to sum to 1. FFmpeg's own downmix would weigh the channels of
        # surround sound differently, and float samples differently from whole numbers.
        equal = "+".join(f"c{channel}" for channel in range(channels))
        graph = av.filter.Graph()
        graph.threads = 1  # none of these filters would use another
        nodes = (
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                channels=channels,
                time_base=frame.time_base or Fraction(1, frame.sample_rate),
            ),
            graph.add("asetnsamples", f"n={_MIXED_SAMPLES}:p=0"),
            graph.add("pan", f"1c|c0<{equal}"),
            graph.add("aformat", f"sample_fmts=flt:sample_rates={self._rate_hz}"),
            graph.add("asetnsamples", f"n={_GATHER_SAMPLES}:p=0"),
            graph.add("abuffersink"),
        )
        graph.link_nodes(*nodes)
        graph.configure()
        return graph

    def _drain(self) -> None:
        if self._graph is None:
            return
        self._graph.push(None)
        with suppress(av.error.EOFError, av.error.BlockingIOError):
            while True:
                samples = self._graph.pull().to_ndarray()
                self._parts.append(samples.astype(np.float32, copy=False).reshape(-1))


def _seconds(ticks: int | None, time_base: Fraction | None) -> float:
    return float((ticks or 0) * (time_base or 1))
