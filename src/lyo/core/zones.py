"""The time zones of IANA, from the package `tzdata`: the same on every machine, whatever its system has."""

from functools import cache
from importlib.resources import files


@cache
def zone_names() -> frozenset[str]:
    """Every name that a phone may send, old names and links too; but not `Factory`, which stands for no zone."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return frozenset(listed) - {"Factory"}
