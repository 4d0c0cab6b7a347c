"""The API: `create_app` puts the slices together. There is no app at module level."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from lyo.accounts.deps import claimed_user
from lyo.accounts.router import router as accounts
from lyo.accounts.users_router import router as users
from lyo.accounts.watching import LOGINS
from lyo.apple.client import open_apple
from lyo.blocks.router import router as blocks
from lyo.community.comments_router import router as comments
from lyo.community.moderation_router import router as moderation
from lyo.community.router import router as community
from lyo.core.bus import Bus
from lyo.core.db import make_engine, make_sessions
from lyo.core.settings import Settings
from lyo.core.watch import Watch
from lyo.courses.learning.router import router as learning
from lyo.courses.router import router as courses
from lyo.feeds.router import router as feeds
from lyo.gamification.leaderboard.router import router as leaderboard
from lyo.gamification.router import router as gamification
from lyo.privacy.router import router as privacy
from lyo.realtime.asyncapi import install_asyncapi
from lyo.realtime.router import router as realtime
from lyo.tasks.router import router as tasks
from lyo.tasks.watching import CHANGES
from lyo.web.deps import Resources
from lyo.web.docs import install_docs
from lyo.web.health import router as health
from lyo.web.hosts import Cors, Hosts
from lyo.web.middleware import BodyLimit, Faults, HeadAsGet, RequestContext
from lyo.web.openapi import install_openapi, operation_id
from lyo.web.problems import install_problem_handlers
from lyo.web.rates import Counts
from lyo.web.throttle import Throttle

MAXIMUM_BODY_BYTES = 64 * 1024


def create_app(settings: Settings) -> FastAPI:
    """The API over the databases that `settings` name; they are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        engine = make_engine(
            settings.require_database_url(), application_name="lyo-api", pool_size=settings.database_pool_size
        )
        bus = Bus(settings.require_redis_url())
        sessions = make_sessions(engine)
        watch = Watch(sessions, bus, CHANGES, LOGINS)
        counts = Counts(settings.require_redis_url(), secret=settings.require_jwt_secret())
        app.state.resources = Resources(settings=settings, sessions=sessions, bus=bus, watch=watch, counts=counts)
        try:
            async with watch.running(), open_apple(settings) as app.state.apple:
                yield
        finally:
            await counts.aclose()
            await bus.aclose()
            await engine.dispose()

    app = FastAPI(
        title="Lyo",
        version=version("lyo"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.api_docs else None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    learn = (courses, learning, gamification, leaderboard, tasks, realtime)
    social = (feeds, blocks, community, comments, moderation)
    for router in (accounts, users, privacy, *learn, *social, health):
        app.include_router(router, prefix="/v1")
    if settings.api_docs:
        install_docs(app)
        install_asyncapi(app)
    install_openapi(app)
    install_problem_handlers(app)
    _surround(app, settings)
    return app


def _surround(app: FastAPI, settings: Settings) -> None:
    """Put the middleware around `app`, from the inside out: what is added last is outermost."""
    app.add_middleware(BodyLimit, maximum_bytes=MAXIMUM_BODY_BYTES)
    app.add_middleware(HeadAsGet)
    app.add_middleware(Throttle, user_of=claimed_user)
    app.add_middleware(Hosts, allowed=settings.allowed_hosts, origins=settings.cors_origins)
    app.add_middleware(Faults)
    if settings.cors_origins:  # around the errors: a page must be able to read them
        app.add_middleware(Cors, allowed=settings.allowed_hosts, origins=settings.cors_origins)
    app.add_middleware(RequestContext, settings=settings)
