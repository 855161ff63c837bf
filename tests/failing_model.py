"""A model whose device fails."""

from pathlib import Path

from genretag import Tagger
from genretag.inference import session
from genretag.inference.session import DeviceError, Model


class FailingModel(Model):
    """A model on a device that has no memory."""

    def predict_with_embeddings(self, windows: object, batch: int = 16) -> None:  # type: ignore[override]
        raise DeviceError("out of memory")


def failing_tagger(device: str, file: Path) -> Tagger:
    """Return a tagger with the model in `file`, which fails on a device."""
    model = session.load(file, "cpu")
    return Tagger(FailingModel(model.manifest, model.digest, device, model._open), file)
