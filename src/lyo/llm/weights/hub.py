"""Asking the Hugging Face hub what a file is, before a byte of it is fetched."""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.source import HubSource

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file at one commit of a hub repository."""

    url: str
    commit: str
    sha256: str
    size: int | None
    headers: dict[str, str]
    """Credentials for the hub's own host, where somebody has logged in."""


def ask_hub(source: HubSource) -> HubFile:
    """Resolve `source` to a commit and the file's SHA-256 there; raises `WeightsError`.

    The hub gives the SHA-256 of a large file as its ETag; a file without one is refused. A branch name is resolved
    once: the address that is fetched names the commit.
    """
    hub = _client()
    try:
        token = hub.get_token()
        found = hub.get_hf_file_metadata(hub.hf_hub_url(source.repo, source.file, revision=source.revision))
    except Exception as error:  # the client raises its own, its HTTP library's and OS errors alike
        reason = type(error).__name__
        raise WeightsError(
            "download_failed", f"The hub did not give {source.repo}@{source.revision}/{source.file} ({reason})."
        ) from error
    commit, digest = found.commit_hash or "", (found.etag or "").lower()
    if not _COMMIT.fullmatch(commit) or not _SHA256.fullmatch(digest):
        raise WeightsError("download_failed", f"The hub gives no SHA-256 for {source.file}: fetch it by https instead.")
    return HubFile(
        url=hub.hf_hub_url(source.repo, source.file, revision=commit),
        commit=commit,
        sha256=digest,
        size=found.size,
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )


def _client() -> Any:
    # Imported when a hub source is used: it costs 0.3 s and is not needed otherwise.
    try:
        return import_module("huggingface_hub")
    except ImportError:
        raise WeightsError("package_missing", "huggingface_hub is not installed: install lyo[model].") from None
