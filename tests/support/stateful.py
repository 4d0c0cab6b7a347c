"""State machines of hypothesis over a real database: rules are plain functions, what they await runs on one loop."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.models import User
from lyo.core.bus import Bus, transaction
from lyo.core.db import SessionMaker, make_engine, make_sessions
from lyo.core.settings import Settings

T = TypeVar("T")


class Ground:
    """The database on which machines run, and how many steps they have taken."""

    def __init__(self, runner: asyncio.Runner, sessions: SessionMaker, bus: Bus) -> None:
        self._runner = runner
        self.sessions = sessions
        self.bus = bus
        self.steps: Counter[str] = Counter()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives."""
        return self._runner.run(work)

    def do(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """What `work` gives, in a transaction of its own."""

        async def inside() -> T:
            async with transaction(self.sessions, self.bus) as session:
                return await work(session)

        return self.run(inside())

    def new_user(self, *, time_zone: str = "UTC") -> UUID:
        """Somebody to whom nothing has happened yet."""

        async def make(session: AsyncSession) -> UUID:
            user = User(email=f"{uuid4().hex}@example.com", display_name="Test", time_zone=time_zone)
            session.add(user)
            await session.flush()
            return user.id

        return self.do(make)


@contextmanager
def ground(of: Settings) -> Generator[Ground]:
    """Ground over the servers of a test."""
    with asyncio.Runner() as runner:
        engine = make_engine(of.require_database_url(), application_name="lyo-test")
        bus = Bus(of.require_redis_url())
        try:
            yield Ground(runner, make_sessions(engine), bus)
        finally:
            runner.run(bus.aclose())
            runner.run(engine.dispose())


def take_steps(on: Ground, machine: type[RuleBasedStateMachine], *, at_least: int) -> None:
    """Run fresh machines until their rules were taken so often in all; raises at the first difference."""
    while on.steps.total() < at_least:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=20,
                stateful_step_count=60,
                deadline=None,
                database=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
