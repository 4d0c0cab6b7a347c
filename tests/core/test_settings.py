import pytest
import typer

from lyo.cli.failing import process_settings
from lyo.core.settings import Mode, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    for name in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET_KEY", "LYO_MODE", "CELERY_BROKER_URL", "LYO_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_the_specifications_database_url_is_read_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:pass@localhost/lyo_db")
    assert load_settings().require_database_url() == "postgresql+psycopg://user:pass@localhost/lyo_db"


def test_the_broker_is_redis_in_kombus_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///run/valkey.sock")
    assert load_settings().require_broker_url() == "redis+socket:///run/valkey.sock"
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://localhost:6379/1")
    assert load_settings().require_broker_url() == "redis://localhost:6379/1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@localhost/db"),
        ("REDIS_URL", "http://:hunter2@localhost"),
        ("JWT_SECRET_KEY", "hunter2"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "soon"),
        ("WORKER_CONCURRENCY", "0"),
        ("APPLE_BASE_URL", "https://user:hunter2@appleid.apple.com"),
        ("APNS_BASE_URL", "ftp://hunter2"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert name in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_nothing_is_signed_with_a_secret_that_anybody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().lyo_mode is Mode.PRODUCTION
    with pytest.raises(SettingsError, match="JWT_SECRET_KEY"):
        load_settings().require_jwt_secret()
    with pytest.raises(typer.Exit):
        process_settings()
    monkeypatch.setenv("JWT_SECRET_KEY", "x" * 32)
    settings = process_settings()
    assert settings.require_jwt_secret() == "x" * 32
    assert "x" * 32 not in repr(settings)


def test_what_is_not_set_and_needed_is_named() -> None:
    settings = load_settings()
    for ask in (settings.require_database_url, settings.require_redis_url, settings.require_broker_url):
        with pytest.raises(SettingsError, match="is not set"):
            ask()


def test_apples_apps_are_a_list_or_the_one_that_is_pushed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPLE_CLIENT_IDS", raising=False)
    monkeypatch.delenv("APNS_BUNDLE_ID", raising=False)
    assert load_settings().apple_audiences == ()
    monkeypatch.setenv("APNS_BUNDLE_ID", "app.lyo.ios")
    assert load_settings().apple_audiences == ("app.lyo.ios",)
    monkeypatch.setenv("APPLE_CLIENT_IDS", " app.lyo.mac, app.lyo.web,,app.lyo.mac ")
    assert load_settings().apple_audiences == ("app.lyo.mac", "app.lyo.web")
