"""The parts of a model's card that are words: what it is for, its limits, its licence."""

from genretag.domain.manifest import ModelManifest


def render_beginning(manifest: ModelManifest) -> str:
    """Return the card of a new model, without what was measured."""
    file = f"{manifest.name}.onnx"
    use = f"""## Use

```sh
genretag scan --dry-run --model {file} ~/Music
```

`{file}` is one ONNX file; genres, front end, windows, temperature and threshold lie in its
metadata (`genretag models show {file}`)."""
    parts = (
        f"# {manifest.name}",
        manifest.description,
        use,
        render_limits(manifest),
        render_licence(manifest),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def render_limits(manifest: ModelManifest) -> str:
    """Return what the model is for, and what it cannot do."""
    genres = manifest.genres.names
    window = manifest.window
    return f"""## Intended use and limits

For filling in missing genres in a music library, with a person who can look at what was written
and take it back (`genretag undo`). Not for judging people or works, nor for paying anyone.

- It tells {len(genres)} genres apart and calls everything else one of them: {", ".join(genres)}.
- It hears up to {window.balanced} windows of {window.length_s:g} s of a track, not all of it.
- Below a score of {manifest.threshold:.2f} nothing is written.
- Labels are what others gave the recordings; some are wrong, and genres are not equally well known.
- The scores below hold for recordings like those that it was judged on, and for no others."""


def render_licence(manifest: ModelManifest) -> str:
    """Return the licence of the weights, and what they learned from."""
    data = manifest.training.get("data") or "What it learned from was not recorded."
    return f"""## Licence and data

The weights: {manifest.licence}. The recordings are not part of it and have licences of their own.

{data}"""
