"""`lyo demo`: everything on this machine, and one course made before your eyes."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text


def demo(
    topic: Annotated[
        str, typer.Argument(envvar="LYO_DEMO_TOPIC", help="What you want to learn, in your own words.")
    ] = "photosynthesis",
    once: Annotated[bool, typer.Option("--once", help="End after the course, and do not go on serving.")] = False,
    level: Annotated[
        Literal["beginner", "intermediate", "advanced"], typer.Option(help="How much you know already.")
    ] = "beginner",
    locale: Annotated[str, typer.Option(help="The language to learn in, such as en, fr or es.")] = "en",
    interest: Annotated[list[str] | None, typer.Option(help="What else you like; can be repeated.")] = None,
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on; 0 takes a free one.", min=0, max=65535)] = 8000,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the database, the model and the logs are kept.", file_okay=False)
    ] = None,
) -> None:
    """Run all of Lyo on this machine, make a course about TOPIC, show how, and print it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # an encoding without a ✓ must not end the demo
            reconfigure(errors="replace")
    waiting = Console(stderr=True, highlight=False)
    waiting.print(Text.assemble("Lyo will make a course about ", (" ".join(topic.split())[:60], "bold"), " …"))
    # The rest takes a second to import; something is to be seen before.
    from lyo.cli.following import Wish  # noqa: PLC0415
    from lyo.cli.making import Demo, run_demo  # noqa: PLC0415

    wish = Wish(topic=topic, interests=interest or [], level=level, locale=locale)
    raise typer.Exit(run_demo(Demo(wish=wish, once=once, host=host, port=port, data_dir=data_dir), waiting))
