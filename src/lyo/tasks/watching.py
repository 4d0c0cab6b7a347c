"""Changes of tasks, as `lyo.core.watch` waits for them."""

from typing import Final

from lyo.core.watch import Kind
from lyo.tasks.repo import latest_seqs

CHANGES: Final = Kind(prefix="lyo:task:", versions=latest_seqs)
