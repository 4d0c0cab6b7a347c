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
        ("RATE_PER_USER", "many"),
        ("RATE_PER_USER", "600"),
        ("RATE_PER_USER", "0/minute"),
        ("RATE_PER_USER", "10/0 minutes"),
        ("RATE_PER_USER", "-1/minute"),
        ("RATE_PER_USER", "1/fortnight"),
        ("RATE_PER_ADDRESS", "10/minute; 100/hour"),
        ("RATE_LOGIN_PER_ACCOUNT", "\u0661/minute"),
        ("RATE_LOGIN_PER_ADDRESS", "9999999999/minute"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "app.example.org"),
        ("CORS_ORIGINS", "https://app.example.org/"),
        ("CORS_ORIGINS", "https://user:hunter2@app.example.org"),
        ("CORS_ORIGINS", "https://app.example.org:99999"),
        ("CORS_ORIGINS", "https://*.example.org"),
        ("CORS_ORIGINS", "https://[::1"),
        ("CORS_ORIGINS", "null"),
        ("ALLOWED_HOSTS", ","),
        ("ALLOWED_HOSTS", "https://api.example.org"),
        ("ALLOWED_HOSTS", "api.example.org:443"),
        ("ALLOWED_HOSTS", "api.*.org"),
        ("ALLOWED_HOSTS", "2001:db8::1"),
        ("ALLOWED_HOSTS", "[192.0.2.1]"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("API_DOCS", "perhaps"),
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


def test_what_the_door_is_told_is_put_in_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LOGIN_PER_ACCOUNT", " 10 per 15 Minutes ")
    monkeypatch.setenv("CORS_ORIGINS", "HTTPS://App.Example.org:443, http://localhost:3000,capacitor://localhost,")
    monkeypatch.setenv("ALLOWED_HOSTS", "API.example.org, *.example.net, [2001:db8::1], 192.0.2.1, *")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1, 2001:db8::/32")
    monkeypatch.setenv("API_DOCS", "false")
    settings = load_settings()
    assert settings.rate_login_per_account == "10 per 15 minutes"
    assert settings.cors_origins == ("https://app.example.org", "http://localhost:3000", "capacitor://localhost")
    assert settings.allowed_hosts == ("api.example.org", "*.example.net", "[2001:db8::1]", "192.0.2.1", "*")
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32")
    assert not settings.api_docs


def test_the_door_is_open_to_every_page_on_a_developers_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "*")
    monkeypatch.setenv("LYO_MODE", "local")
    assert load_settings().cors_origins == ("*",)
