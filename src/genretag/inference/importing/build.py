"""Builds a model of genretag out of published files."""

from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import helper

from genretag.domain.manifest import METADATA_KEY, ModelManifest
from genretag.domain.window import WindowSpec
from genretag.errors import Code, UsageError, reason
from genretag.inference.importing.algorithms import HEAD, find_algorithm
from genretag.inference.importing.canonical import (
    CanonicalGraph,
    find_embeddings,
    make_canonical,
)
from genretag.inference.importing.graph import invalid_graph, read_graph
from genretag.inference.importing.head import join_head
from genretag.inference.importing.metadata import Metadata, read_metadata
from genretag.inference.importing.vocabulary import make_vocabulary

_THRESHOLD = 0.5
"""Until one is fitted on a library: nobody has measured from which score a genre is right."""
_LISTENED_S, _MOST_WINDOWS = 24.0, 8
"""Seconds of a track that windows of a model shall cover, and how many they may be for that."""


@dataclass(frozen=True)
class PublishedModel:
    """Files that make one model.

    Attributes:
        graph: an ONNX file.
        metadata: the JSON beside it.
        head: an ONNX file whose input are the embeddings of the first; None without one.
        head_metadata: the JSON beside the head.
        output: the output with the predictions, as the ONNX file names it; None for the one that
            the metadata name.
    """

    graph: Path
    metadata: Path
    head: Path | None = None
    head_metadata: Path | None = None
    output: str | None = None


@dataclass(frozen=True)
class BuiltModel:
    """A built model, and what was found in its files.

    Attributes:
        manifest: what its file says of it.
        input_shape: of the given graph; 0 for a side that is left open.
        output: the name of the output that was taken.
        n_classes: how many classes it has; genres may be fewer, as two classes may share a name.
    """

    manifest: ModelManifest
    input_shape: tuple[int, ...]
    output: str
    n_classes: int


def build_model(
    published: PublishedModel, name: str, licence: str, source: dict[str, str], file: Path
) -> BuiltModel:
    """Build a model and write it to `file`; nothing of it runs, but where it has no activation.

    Args:
        published: the files.
        name: of the model.
        licence: of the weights.
        source: where the files come from, by names for people.
        file: gets the model.

    Raises:
        RunError: `model-invalid` or `unknown-algorithm`: the graph is not what it must be.
        UsageError: `bad-metadata`, the metadata are not; a file cannot be read.
        OSError: `file` cannot be written.
    """
    base_metadata = read_metadata(published.metadata)
    algorithm = find_algorithm(base_metadata.algorithm)
    if base_metadata.rate_hz not in (0, algorithm.front_end.rate_hz):
        raise _lie(published.metadata, f"its sample rate is {base_metadata.rate_hz} Hz")
    metadata, where = base_metadata, published.metadata
    if published.head_metadata:
        metadata, where = read_metadata(published.head_metadata), published.head_metadata
        _check_head(metadata, base_metadata, where)
    try:
        vocabulary = make_vocabulary(metadata.classes)
    except ValueError as error:
        raise _lie(where, reason(error)) from error
    graph = read_graph(published.graph)
    head = read_graph(published.head) if published.head else None
    try:
        embedding = find_embeddings(graph, base_metadata)
        if head:
            if embedding is None:
                raise ValueError("it has no output with embeddings for the head")
            graph, embedding = join_head(graph, embedding, head)
        canonical = make_canonical(
            graph,
            metadata,
            vocabulary.columns,
            algorithm.front_end.n_mels,
            algorithm.n_frames,
            embedding,
            published.output,
        )
        manifest = ModelManifest(
            name=name,
            version=metadata.version or "1",
            licence=licence,
            description=_describe(metadata),
            genres=vocabulary.genres,
            front_end=algorithm.front_end,
            window=_make_window(algorithm.front_end.count_samples(canonical.n_frames)
                                / algorithm.front_end.rate_hz),
            temperature=1.0,
            threshold=_THRESHOLD,
            activation=canonical.activation,
            is_calibrated=False,
            source={**base_metadata.source, **metadata.source, **source},
        )  # fmt: skip
    except ValueError as error:
        raise invalid_graph(published.head or published.graph, reason(error)) from error
    _save(canonical, manifest, file)
    return BuiltModel(manifest, canonical.input_shape, canonical.output, len(metadata.classes))


def _make_window(length_s: float) -> WindowSpec:
    """Return the windows of a track: a few long ones, or more short ones."""
    return WindowSpec(length_s, max(1, min(_MOST_WINDOWS, round(_LISTENED_S / length_s))))


def _describe(metadata: Metadata) -> str:
    text = metadata.source.get("about") or metadata.source.get("purpose") or metadata.name
    return text.splitlines()[0] if text.strip() else metadata.name


def _check_head(metadata: Metadata, base: Metadata, where: Path) -> None:
    if metadata.algorithm != HEAD:
        raise _lie(where, f"it is no head: it is for {metadata.algorithm!r}, heads for {HEAD}")
    wanted = metadata.embedding_algorithm
    if wanted and wanted != base.algorithm:
        raise _lie(where, f"its embeddings are those of {wanted!r}, not of {base.algorithm!r}")


def _lie(path: Path, why: str) -> UsageError:
    return UsageError(
        Code.BAD_METADATA,
        f"{path}: this does not fit the model: {why}",
        "Take the JSON file that was published with this ONNX file.",
    )


def _save(canonical: CanonicalGraph, manifest: ModelManifest, file: Path) -> None:
    given = canonical.model
    # A new model: what else the given one has, nobody has checked.
    model = onnx.ModelProto(ir_version=given.ir_version, opset_import=given.opset_import)
    model.graph.CopyFrom(given.graph)
    given.Clear()
    helper.set_model_props(model, {METADATA_KEY: manifest.to_json()})
    file.write_bytes(model.SerializeToString(deterministic=True))
