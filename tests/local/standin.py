"""A stand-in for the `lyo` command in tests of the supervisor: real processes, but small ones.

    standin.py [--with WHAT]... api --host H --port P | worker | migrate | model serve --host H --port P

WHAT changes the behaviour: `migrate-fails`, `api-fails`, `model-fails`, `stubborn` (API and worker ignore SIGTERM and
have a child of their own), `warns` (the worker logs a warning).
"""
# ruff: noqa: TID251, T201 - a program of its own, told by its environment, and it prints

import contextlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse


def serve(host: str, port: int) -> None:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = urllib.parse.urlencode({"pid": os.getpid(), "database": os.environ["DATABASE_URL"]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Quiet."""

    with http.server.HTTPServer((host, port), Answer) as server:
        server.serve_forever()


def migrate() -> None:
    import psycopg  # noqa: PLC0415 - the others start quicker without

    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz NOT NULL DEFAULT now())")
        connection.execute("INSERT INTO starts DEFAULT VALUES")


def work() -> None:
    """Wait for jobs as a worker does, with a blocking read, and connect again when the server went away."""
    while True:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(urllib.parse.urlsplit(os.environ["REDIS_URL"]).path)
            client.sendall(b"BRPOP jobs 0\r\n")
            client.recv(64)
        time.sleep(0.05)


def main(words: list[str]) -> None:
    habits = {words[index + 1] for index, word in enumerate(words) if word == "--with"}
    verbs = words[2 * len(habits) :]
    if f"{verbs[0]}-fails" in habits:
        sys.exit(f"Error: the {verbs[0]} does not like it here.")
    if "stubborn" in habits and verbs[0] in {"worker", "api"}:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if "warns" in habits and verbs[0] == "worker":
        print("2026-11-24 [\x1b[33mwarning  \x1b[0m] the shelf is empty")
        print("2026-11-24 [info     ] nothing to see")
    if verbs[0] == "migrate":
        migrate()
    elif verbs[0] == "worker":
        work()
    else:
        serve(verbs[verbs.index("--host") + 1], int(verbs[verbs.index("--port") + 1]))


if __name__ == "__main__":
    main(sys.argv[1:])
