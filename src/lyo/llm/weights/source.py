"""The forms of MODEL_SOURCE, MODEL_PATH and MODEL_CHECKSUM, parsed into values."""

import re
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lyo.core.settings import Settings
from lyo.llm.weights.errors import WeightsError

_CHECKSUM = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[\w./-]+?)/(?P<file>[^/\\]+\.gguf)", re.ASCII)
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
FORMS = "package:NAME, https://…, or hf:OWNER/REPO@REVISION/FILE.gguf"


@dataclass(frozen=True, slots=True)
class PackageSource:
    """A model that came as Python packages, in chunks."""

    name: str


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A model at an address. Plain http is for loopback hosts alone."""

    url: str


@dataclass(frozen=True, slots=True)
class HubSource:
    """A model on the Hugging Face hub. `revision` may be a branch: the receipt pins the commit that it was."""

    repo: str
    revision: str
    file: str


@dataclass(frozen=True, slots=True)
class MountedSource:
    """A file (or a folder that holds exactly one .gguf) that somebody else put here; never written to."""

    path: Path


Source = PackageSource | UrlSource | HubSource | MountedSource


def source_of(settings: Settings) -> tuple[Source, str | None]:
    """The configured source and MODEL_CHECKSUM as 64 hex digits; raises `WeightsError`."""
    checksum = _checksum(settings.model_checksum)
    if settings.model_path is not None:
        return MountedSource(settings.model_path.expanduser().absolute()), _require(checksum, "MODEL_PATH")
    kind, _, rest = settings.model_source.partition(":")
    if kind == "package" and rest:
        return PackageSource(rest), checksum
    if kind in {"https", "http"}:
        return UrlSource(_allowed(settings.model_source)), _require(checksum, "the address in MODEL_SOURCE")
    match = _HUB.fullmatch(rest) if kind == "hf" else None
    if match is None:
        raise WeightsError("bad_source", f"MODEL_SOURCE has no form that is known: use {FORMS}.")
    return HubSource(match["repo"], match["revision"], match["file"]), checksum


def file_name(source: Source, checksum: str | None) -> str:
    """The name under which the file of `source` is kept; two sources never share one."""
    match source:
        case PackageSource(name):
            return f"{_safe(name)}.gguf"
        case UrlSource(url):
            stem = _safe(unquote(urlsplit(url).path).rsplit("/", 1)[-1]).removesuffix(".gguf") or "model"
            return f"{stem[:80]}-{(checksum or '')[:12]}.gguf"
        case HubSource(repo, revision, file):
            # The digest keeps apart what sanitising made equal.
            digest = sha256(f"{repo}@{revision}/{file}".encode()).hexdigest()[:8]
            return f"{_safe(file).removesuffix('.gguf')[:80]}-{digest}.gguf"
        case MountedSource(path):
            return path.name


def describe(source: Source) -> str:
    """The source in the form in which an operator wrote it; passwords and queries of an address left out."""
    match source:
        case PackageSource(name):
            return f"package:{name}"
        case UrlSource(url):
            parts = urlsplit(url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        case HubSource(repo, revision, file):
            return f"hf:{repo}@{revision}/{file}"
        case MountedSource(path):
            return str(path)


def is_allowed(url: str) -> bool:
    """Whether a download may go to `url`: https anywhere, plain http on this machine only."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _allowed(url: str) -> str:
    if not is_allowed(url):
        raise WeightsError("bad_source", "MODEL_SOURCE must be an https:// address (http:// only on this machine).")
    return url


def _checksum(text: str | None) -> str | None:
    if text is None:
        return None
    match = _CHECKSUM.fullmatch(text.strip())
    if match is None:
        raise WeightsError("bad_source", "MODEL_CHECKSUM must be a SHA-256: 64 hexadecimal digits.")
    return match[1].lower()


def _require(checksum: str | None, what: str) -> str:
    if checksum is None:
        raise WeightsError("checksum_missing", f"MODEL_CHECKSUM is not set: give the SHA-256 of {what}.")
    return checksum


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name).strip(".-")
