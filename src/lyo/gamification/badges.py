"""When a badge is earned: the rules that its `criteria` are made of.

Criteria name a figure of the learner and its bounds: `{"figure": "coursesCompleted", "atLeast": 5}`. With
`{"all": […]}` each of several has to hold. What this version does not know is not met: a later version's badge waits.
"""

from collections.abc import Mapping
from typing import Any, Final

BOUNDS: Final = {"atLeast", "atMost"}


def is_met(criteria: Mapping[str, Any], figures: Mapping[str, int]) -> bool:
    """Whether a learner with these figures has earned what has these criteria."""
    if set(criteria) == {"all"}:
        parts = criteria["all"]
        return bool(parts) and all(is_met(part, figures) for part in parts)
    figure = figures.get(criteria.get("figure", ""))
    bounds = set(criteria) - {"figure"}
    if figure is None or not bounds or not bounds <= BOUNDS:
        return False
    at_least, at_most = criteria.get("atLeast", figure), criteria.get("atMost", figure)
    return bool(at_least <= figure <= at_most)
