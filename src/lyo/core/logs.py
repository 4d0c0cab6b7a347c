"""Logs: one line an event, JSON in production, for people on a terminal."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(*, level: str, form: Literal["console", "json"]) -> None:
    """Send all logs of this process, ours and the libraries', through one formatter to standard error."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=_renderers(form)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # One line a request is ours (`lyo.web.middleware`), and clients of ours need not say that they asked.
    for noisy in ("uvicorn.access", "httpx2", "httpcore2", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_of_ours)


def _of_ours(record: logging.LogRecord) -> bool:
    """Not uvicorn's lines about sockets, which show the query, nor its complaint about a refusal that is our answer."""
    return '"WebSocket ' not in str(record.msg) and "without completing handshake" not in str(record.msg)


def _renderers(form: Literal["console", "json"]) -> list[structlog.typing.Processor]:
    if form == "console":
        # Locals may hold passwords and prompts.
        plain = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, plain]
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _traceback_in_one_field,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _traceback_in_one_field(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return structlog.processors.format_exc_info(logger, name, event)
