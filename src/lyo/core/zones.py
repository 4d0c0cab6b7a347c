"""The time zones of IANA, from the package `tzdata`: the same on every machine, whatever its system has."""

from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def zone_names() -> frozenset[str]:
    """Every name that a phone may send, old names and links too; but not `Factory`, which stands for no zone."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return frozenset(listed) - {"Factory"}


@cache
def zone(name: str) -> ZoneInfo:
    """The zone with this name, which is one of `zone_names`."""
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def local_date(moment: datetime, time_zone: str) -> date:
    """The date at `moment` in a time zone."""
    return moment.astimezone(zone(time_zone)).date()


def day_begins(day: date, time_zone: str) -> datetime:
    """When a date begins in a time zone, in UTC.

    Where a change to summer time skips midnight, that is the moment of the change; where midnight comes twice, its
    first time. A date that a zone has skipped (30 December 2011 in Apia) begins when the next one does.
    """
    return datetime.combine(day, time.min, zone(time_zone)).astimezone(UTC)
