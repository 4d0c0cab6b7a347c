"""Becomes another program: as the servers' user, and one that ends when its parent is killed.

Run as a script by `lyo.local.process`, in isolated mode and without site-packages, so that it costs about 15 ms and
no memory (it is replaced by the program). It stands between, instead of a `preexec_fn`, because code between fork and
exec may deadlock in a process with threads; and it drops the privileges itself, because the servers' user often cannot
even reach the Python that runs it.

    launch.py UID:GID|- SIGNAL PARENT PROGRAM ARGUMENT...    become PROGRAM; SIGNAL when the process PARENT ends
    launch.py UID:GID|- 0 PARENT --may rwx FOLDER...         end with 0 if the user may do so in all of them
"""

import os
import signal
import sys

try:  # before the privileges are dropped: the servers' user may not be able to read our Python
    import ctypes
except ImportError:  # a Python without libffi: the watchdog alone must do
    prctl = None
else:
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int, parent: int) -> None:
    """Ask the kernel for signal `number` when the thread that started us ends; end at once if it has already."""
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def drop_privileges(user: str) -> None:
    """Become the user of `UID:GID`, without any other group."""
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.umask(0o077)


def main(user: str, number: str, parent: str, *command: str) -> None:
    """Drop, ask for the signal (dropping would clear the request), and become the command."""
    if user != "-":
        drop_privileges(user)
    if command[0] == "--may":
        wanted = sum({"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[letter] for letter in command[1])
        sys.exit(0 if all(os.access(folder, wanted) for folder in command[2:]) else 1)
    die_with_parent(int(number), int(parent))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and the program would inherit that
    os.execv(command[0], command)  # noqa: S606 - becoming the program is the point; no shell is in play


if __name__ == "__main__":
    main(*sys.argv[1:])
