"""Fetching one large file over HTTP so that a cut, a crash or a liar on the other end costs little and harms nothing.

The bytes go to a `.part` that outlives us, beside a note of the validator (ETag or Last-Modified) that they came
under. The next attempt asks for the rest with Range and If-Range and believes a 206 only when it begins where the
`.part` ends. What is complete is not yet right: the caller compares the SHA-256.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx2

from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.receipt import Progress, write_whole
from lyo.llm.weights.source import is_allowed, is_loopback

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
DISK_MARGIN = 1.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a host may keep us waiting, in seconds, and how often it may fail without giving a byte."""

    connect: float = 10.0
    read: float = 30.0
    barren_attempts: int = 5
    first_pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Fetch:
    """One download: from where, to where, and what is known of it beforehand."""

    url: str
    part: Path
    size: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    patience: Patience = Patience()


class _Interrupted(Exception):
    """This attempt ended early; the next one goes on from there."""


def download(fetch: Fetch, progress: Progress) -> None:
    """Bring `fetch.part` to its full length, through as many attempts as move it forward; raises `WeightsError`."""
    barren = 0
    while True:
        before = _length(fetch.part)
        try:
            _attempt(fetch, progress)
        except (httpx2.TransportError, _Interrupted) as error:
            barren = 0 if _length(fetch.part) > before else barren + 1
            if barren >= fetch.patience.barren_attempts:
                host = urlsplit(fetch.url).hostname
                raise WeightsError(
                    "download_failed",
                    f"The download from {host} broke off ({_reason(error)}): run `lyo model pull` again to resume it.",
                ) from error
            time.sleep(fetch.patience.first_pause * 2**barren)
        else:
            forget_validator(fetch.part)
            return


def forget_validator(part: Path) -> None:
    """Drop the note beside `part`: what is there will not be resumed."""
    _note(part).unlink(missing_ok=True)


def require_disk(folder: Path, needed: int) -> None:
    """Raise `WeightsError` unless `folder` has room for `needed` bytes and a little more."""
    free = shutil.disk_usage(folder).free
    wanted = int(needed * DISK_MARGIN)
    if free < wanted:
        raise WeightsError(
            "not_enough_disk",
            f"The model needs {wanted >> 20} MiB in {folder} and {free >> 20} MiB are free: "
            "make room, or set LYO_DATA_DIR to a larger disk.",
        )


def _attempt(fetch: Fetch, progress: Progress) -> None:
    validator = _read_validator(fetch)
    start = _length(fetch.part) if validator else 0
    resume = {"Range": f"bytes={start}-", "If-Range": validator} if start and validator else {}
    with _client(fetch) as client, _get(client, fetch, resume) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            _beyond_the_end(fetch, response, start)
            return
        start, total = _range_of(fetch, response, start)
        _check_length(fetch, total, start)
        with fetch.part.open("r+b" if start else "wb") as out:
            out.seek(start)
            out.truncate()
            _write_validator(fetch, response)
            done = _copy(response, out, start, total, progress)
    if total is not None and done < total:
        raise _Interrupted(f"{done} of {total} bytes came")


def _copy(response: httpx2.Response, out: BinaryIO, start: int, total: int | None, progress: Progress) -> int:
    done = start
    for block in response.iter_raw():
        done += len(block)
        if total is not None and done > total:
            raise WeightsError("download_failed", "The host sent more bytes than it announced.")
        out.write(block)
        progress(done, total)
    out.flush()
    os.fsync(out.fileno())
    return done


def _range_of(fetch: Fetch, response: httpx2.Response, start: int) -> tuple[int, int | None]:
    """Where the body begins in the file and how long the whole file is, None where the host does not say."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise WeightsError("download_failed", "The host sends the model compressed, which cannot be resumed.")
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or match[1] is None or int(match[1]) != start:
            forget_validator(fetch.part)
            raise _Interrupted("the host answered another range than was asked for")
        return start, fetch.size if match[2] == "*" else int(match[2])
    announced = response.headers.get("Content-Length")
    return 0, int(announced) if announced is not None and announced.isdigit() else fetch.size


def _check_length(fetch: Fetch, total: int | None, start: int) -> None:
    if total is None:
        return
    if fetch.size is not None and total != fetch.size:
        raise WeightsError("download_failed", f"The host offers {total} bytes where {fetch.size} were expected.")
    require_disk(fetch.part.parent, total - start)


def _beyond_the_end(fetch: Fetch, response: httpx2.Response, start: int) -> None:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if start and match is not None and match[2] == str(start):
        return  # All of it is here already; the process that fetched it was killed before it could check.
    forget_validator(fetch.part)
    raise _Interrupted("the host has another file now")


@contextmanager
def _client(fetch: Fetch) -> Generator[httpx2.Client]:
    timeout = httpx2.Timeout(fetch.patience.read, connect=fetch.patience.connect)
    # A proxy from the environment has no business with an address on this machine.
    with httpx2.Client(timeout=timeout, trust_env=not is_loopback(fetch.url)) as client:
        yield client


@contextmanager
def _get(client: httpx2.Client, fetch: Fetch, resume: Mapping[str, str]) -> Generator[httpx2.Response]:
    """The answer after redirects, each checked like the first address; credentials stay with the first host."""
    url = fetch.url
    for _ in range(6):
        headers = {**resume, "Accept-Encoding": "identity"}
        if urlsplit(url).netloc == urlsplit(fetch.url).netloc:
            headers |= fetch.headers
        with client.stream("GET", url, headers=headers) as response:
            if not response.is_redirect:
                _check_status(response)
                yield response
                return
            url = urljoin(url, response.headers.get("Location", ""))
        if not is_allowed(url):
            raise WeightsError("download_failed", "The host redirects to an address that is not https.")
    raise WeightsError("download_failed", "The host redirects without end.")


def _check_status(response: httpx2.Response) -> None:
    status = response.status_code
    good = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
    if status in good:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _Interrupted(f"the host answered {status}")
    raise WeightsError("download_failed", f"The host {response.url.host} answered {status} instead of the model.")


def _read_validator(fetch: Fetch) -> str | None:
    try:
        note = json.loads(_note(fetch.part).read_bytes())
        validator = note["validator"] if note["url"] == fetch.url else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return validator if isinstance(validator, str) else None


def _write_validator(fetch: Fetch, response: httpx2.Response) -> None:
    etag = response.headers.get("ETag", "")
    # A weak ETag promises no equal bytes (RFC 9110, 13.1.5).
    validator = etag if etag.startswith('"') else response.headers.get("Last-Modified")
    if validator is None:
        forget_validator(fetch.part)
    else:
        write_whole(_note(fetch.part), json.dumps({"url": fetch.url, "validator": validator}).encode())


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
