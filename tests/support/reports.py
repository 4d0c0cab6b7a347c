"""Reports of evaluations, made by hand."""

from datetime import UTC, datetime

from lyo.evaluation.bars import bars
from lyo.evaluation.judging import rows
from lyo.evaluation.values import Figure, Machine, Model, Report, Tried

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><style>*{}</style>{{ 7 * 7 }}{% raw %}"
"""Words that would like to be more than words."""


def report(*tried: Tried, partial: bool = False) -> Report:
    compared = rows([(one.engine, one.naive) for one in tried if one.engine.course and one.naive and one.naive.course])
    return Report(
        partial=partial,
        began=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        seconds=90.0,
        lyo="0.1.0",
        model=Model(id=HOSTILE, sha256="ab" * 32, speaks_chat=False, context_tokens=4096, slots=4),
        machine=Machine(processors=2, load=None, python="3.11", system="Linux"),
        asked=3,
        at_once=1,
        bars=bars(tried, compared, None, at_once=1),
        rows=compared,
        readability={"en": {"engine": Figure(value=9.0), "naive": Figure(undefined="too short")}},
        key_positions={"engine": (3, 3, 3, 3), "naive": (0, 0, 0, 0)},
        throughput=None,
        tried=tried,
    )
