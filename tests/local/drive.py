"""`lyo up` as a process of its own in tests, with the stand-in for its children: drive.py DATA_DIR PORT [HABIT]...

DATABASE_URL and REDIS_URL of the environment count as they do for `lyo up`.
"""

import signal
import sys
from dataclasses import replace
from pathlib import Path

from lyo.core.settings import load_settings
from lyo.local.errors import LocalError
from lyo.local.stack import options_from
from lyo.local.terminal import serve

STANDIN = Path(__file__).with_name("standin.py")


def main(data_dir: str, port: str, *habits: str) -> None:
    # Tests that are run under `nohup` hand on a SIGHUP that is ignored, as `lyo up` honours.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    command = (sys.executable, str(STANDIN), *(word for habit in habits for word in ("--with", habit)))
    asked = options_from(load_settings(), host="127.0.0.1", port=int(port), data_dir=Path(data_dir))
    try:
        serve(replace(asked, command=command, durable=False))
    except LocalError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
