"""The end of log-ins, as `lyo.core.watch` waits for it."""

from typing import Final

from lyo.accounts.repo import open_logins
from lyo.core.watch import Kind

LOGINS: Final = Kind(prefix="lyo:login:", versions=open_logins)
