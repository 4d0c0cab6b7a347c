"""Asking several sources at once, so that none of them can delay or break the others."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import structlog

from lyo.sources.protocol import Passage, Reading, Source, SourceUnavailable, Video

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SECONDS: Final = 12.0
"""For one source: one request of 10 s that ends by itself, so that its host's breaker hears of it."""

Found = TypeVar("Found", Passage, Video, Reading)


@dataclass(frozen=True, slots=True)
class Answers(Generic[Found]):
    """What each source found, by its name, and the names of those that could not be asked, both in the given order."""

    found: Mapping[str, Sequence[Found]]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often this process has asked a source."""

    asked: int
    found: int
    """Answers with at least one find."""
    failed: int


_asked: Counter[str] = Counter()
_found: Counter[str] = Counter()
_failed: Counter[str] = Counter()
_last_reason: dict[str, str] = {}


async def ask_all(
    sources: Sequence[Source[Found]], query: str, *, language: str, limit: int, seconds: float = SECONDS
) -> Answers[Found]:
    """Ask all at once; each has `seconds`. Whatever goes wrong in one is logged and counted, and concerns it alone."""
    answers = await asyncio.gather(*(_ask(source, query, language, limit, seconds) for source in sources))
    named = list(zip((source.name for source in sources), answers, strict=True))
    return Answers(
        found={name: found for name, found in named if found is not None},
        failed=tuple(name for name, found in named if found is None),
    )


def tallies() -> Mapping[str, Tally]:
    """How often each source was asked since this process began, by its name."""
    return {name: Tally(_asked[name], _found[name], _failed[name]) for name in sorted(_asked)}


async def _ask(source: Source[Found], query: str, language: str, limit: int, seconds: float) -> Sequence[Found] | None:
    _asked[source.name] += 1
    try:
        async with asyncio.timeout(seconds):
            found = await source.search(query, language=language, limit=limit)
    except SourceUnavailable as error:
        _tell(source.name, str(error))
    except TimeoutError:
        _tell(source.name, f"It does not answer within {seconds:g} s.")
    except Exception as error:  # noqa: BLE001 - a fault of ours or of the database; the log has the traceback
        _tell(source.name, f"{type(error).__name__} while it was asked.", error)
    else:
        _last_reason.pop(source.name, None)
        _found[source.name] += bool(found)
        return found
    return None


def _tell(name: str, reason: str, error: Exception | None = None) -> None:
    """A reason is a warning once; while it lasts, each search that it costs is one line at a lower level."""
    _failed[name] += 1
    known = _last_reason.get(name) == reason
    _last_reason[name] = reason
    (log.info if known else log.warning)("sources.failed", source=name, reason=reason, exc_info=error)
