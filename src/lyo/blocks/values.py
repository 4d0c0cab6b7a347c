"""What crosses the border of this slice."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BlockedLearner:
    """Somebody whom a learner has blocked."""

    id: UUID
    display_name: str
    blocked_at: datetime
