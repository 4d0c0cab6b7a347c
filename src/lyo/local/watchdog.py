"""Ends the supervisor's children when the supervisor itself is gone, however it went.

Run as a script by `lyo.local.children` in a session of its own. The supervisor holds the writing end of its standard
input and says which processes live: `+PID SIGNAL` and `-PID`, one a line. The end of that input is the supervisor's
end: each process still listed gets its signal, and its whole group SIGKILL a few seconds later. Meanwhile the lock it
inherited stays held, so that the next `lyo up` waits for the end of this one.
"""

import os
import signal
import sys
import time
from contextlib import suppress

GRACE_SECONDS = 3.0


def listen() -> dict[int, int]:
    """Read until the input ends; the processes then still listed, each with the signal that ends it."""
    living: dict[int, int] = {}
    for line in sys.stdin:
        words = line.split()
        if words[0].startswith("+"):
            living[int(words[0][1:])] = int(words[1])
        else:
            living.pop(int(words[0][1:]), None)
    return living


def alive(group: int) -> bool:
    """Whether the process group has any member (one that nobody has reaped yet counts)."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Wait for the supervisor's end, then end what it left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    living = listen()
    for pid, number in living.items():
        with suppress(OSError):
            os.kill(pid, number)
    limit = time.monotonic() + GRACE_SECONDS
    while any(alive(pid) for pid in living) and time.monotonic() < limit:
        time.sleep(0.05)
    for pid in living:
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
