"""A model and its card on the Hugging Face Hub, in one commit."""

from dataclasses import dataclass
from hashlib import sha256

from genretag.errors import Code, UsageError
from genretag.inference.store import (
    HUB_FILE,
    HubAddress,
    hub_error_types,
    list_notices,
    translate_hub_error,
)
from genretag_train.evaluation.models import EvaluatedModel
from genretag_train.export.hub_card import render_card

CARD = "README.md"


@dataclass(frozen=True)
class PublishedModel:
    """The address of a model on the Hub; `digest` is the SHA-256 of its file."""

    address: HubAddress
    digest: str


def publish_model(
    model: EvaluatedModel, address: HubAddress, private: bool, revision: str | None
) -> PublishedModel:
    """Upload the model, its card and the notices it needs, in one commit on the branch `revision`.

    The repository and the branch are made if they are missing; `private` holds for a new
    repository only.

    Raises:
        UsageError: the Hub cannot have a repository or branch of that name.
        RunError: `hub-refused`, the token may not write there; `model-unreachable`.
    """
    # Only who publishes waits for these imports.
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HFValidationError

    content = model.file.read_bytes()
    digest = sha256(content).hexdigest()
    files = [
        CommitOperationAdd(HUB_FILE, content),
        CommitOperationAdd(CARD, render_card(model, address.repo).encode()),
    ]
    if " AND " in model.manifest.licence:  # it holds weights of others, who ask for their notice
        files += [CommitOperationAdd(file.name, file.read_bytes()) for file in list_notices()]
    branch = revision or address.revision
    hub = HfApi()
    try:
        hub.create_repo(address.repo, private=private or None, exist_ok=True)
        if branch:
            hub.create_branch(address.repo, branch=branch, exist_ok=True)
        commit = hub.create_commit(
            address.repo,
            files,
            commit_message=f"{model.manifest.name} {model.manifest.version}",
            revision=branch,
        )
    except HFValidationError as error:
        raise UsageError(
            Code.BAD_OPTION,
            f"The Hub cannot have that repository: {str(error).splitlines()[0]}",
            "Write it as hf:OWNER/REPO.",
        ) from error
    except hub_error_types() as error:
        raise translate_hub_error(f"{address.repo}: not published on the Hub", error) from error
    return PublishedModel(HubAddress(address.repo, commit.oid), digest)
