import secrets
from pathlib import Path
from uuid import uuid4

import pytest
import typer

from lyo.cli.failing import process_settings
from lyo.core.settings import Mode, SettingsError, load_settings

SECRET = "4f1c-97ab-20de-LoYq-zz81-KkPw-0x3B-vV6t"
WEAK = (
    "a-string-secret-at-least-256-bits-long",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    " 09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7\n",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "my-super-secret-jwt-key-for-production",
    "0123456789abcdef0123456789abcdef",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "abcdefghij" * 4,
    "qwertyuiopasdfghjklzxcvbnm1234567890",
    "Zx81-QpLm-77" * 4,
    "x9Kw2mP7vL" + " " * 40,
    "the quick brown fox jumps over the lazy dog",
    "lyo-production-jwt-signing-key-2026!!",
    "please-replace-me-before-going-live-ok",
    "ThisIsMyVeryLongJwtKeyForTheLyoBackend2026",
)


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
        ("DATABASE_URL", "postgresql://user:x[hunter2]@localhost/db"),
        ("DATABASE_URL", "postgresql://user:hunter2\u2100@localhost/db"),
        ("DATABASE_URL", "postgresql://user:hunter2[@localhost/db"),
        ("DATABASE_URL", "postgresql://user:hunter2%zz@localhost/db"),
        ("DATABASE_URL", "postgresql:hunter2"),
        ("REDIS_URL", "redis://:x[hunter2]@localhost"),
        ("REDIS_URL", "redis://:hunter2@localhost?db=x"),
        ("REDIS_URL", "redis://:hunter2@localhost?nonsense=1"),
        ("REDIS_URL", "http://:hunter2@localhost"),
        ("REDIS_URL", "redis://:hunter2/2@localhost:1/0"),
        ("DATABASE_URL", "postgresql://user:hunter2@host:port/lyo"),
        ("CELERY_BROKER_URL", "redis://:hunter2/@localhost/1"),
        ("JWT_SECRET_KEY", "hunter2"),
        ("JWT_SECRET_KEY", "hunter2hunter2hunter2hunter2hunter2hunter2"),
        ("JWT_SECRET_KEY", "your-secret-key-here-hunter2-0123456789"),
        ("JWT_SECRET_KEY", "hunter2-0123456789-change_me_in_production"),
        *(("JWT_SECRET_KEY", weak) for weak in WEAK),
        ("LYO_DEMO", "true"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "soon"),
        ("WORKER_CONCURRENCY", "0"),
        ("APPLE_BASE_URL", "https://user:hunter2@appleid.apple.com"),
        ("APNS_BASE_URL", "ftp://hunter2"),
        ("MODEL_URL", "hunter2:8080"),
        ("MODEL_URL", "http://user:hunter2@localhost:8080"),
        ("LOG_LEVEL", "hunter2"),
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
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::/0"),
        ("TRUSTED_PROXIES", "::ffff:0.0.0.0/96"),
        ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1"),
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
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    settings = process_settings()
    assert settings.require_jwt_secret() == SECRET
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("LYO_MODUS", "LYO_MODUS: there is no such setting; is LYO_MODE meant?"),
        ("LYO_COLOUR", "LYO_COLOUR: there is no such setting."),
        ("JWT_SECRET", "JWT_SECRET: there is no such setting; is JWT_SECRET_KEY meant?"),
        (
            "MAX_RUNNING_COURSES",
            "MAX_RUNNING_COURSES: there is no such setting; is MAX_RUNNING_COURSES_PER_USER meant?",
        ),
        ("RATE_LIMIT_PER_USER", "RATE_LIMIT_PER_USER: there is no such setting; is RATE_PER_USER meant?"),
        ("CORS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGINS: there is no such setting; is CORS_ORIGINS meant?"),
        ("TRUSTED_PROXY_IPS", "TRUSTED_PROXY_IPS: there is no such setting; is TRUSTED_PROXIES meant?"),
        ("WS_AUTHENTICATION", "WS_AUTHENTICATION: there is no such setting."),
        ("allowed_hostnames", "ALLOWED_HOSTNAMES: there is no such setting; is ALLOWED_HOSTS meant?"),
        ("jwt_algoritm", "JWT_ALGORITM: there is no such setting; is JWT_ALGORITHM meant?"),
        ("DATABSE_URL", "DATABSE_URL: there is no such setting; is DATABASE_URL meant?"),
        ("WS_REQUIRE_AUHT", "WS_REQUIRE_AUHT: there is no such setting; is WS_REQUIRE_AUTH meant?"),
    ],
)
def test_a_name_that_nobody_reads_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, sentence: str) -> None:
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == sentence


def test_a_name_that_nobody_reads_is_refused_in_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("JWT_SECRET_KEY_=hunter2\n")
    with pytest.raises(SettingsError, match="JWT_SECRET_KEY meant"):
        load_settings()


@pytest.mark.parametrize(
    "name",
    ["POSTGRES_PASSWORD", "REDIS_SERVICE_HOST", "LYO_SERVICE_PORT", "LYO_API_PORT_8000_TCP_ADDR", "LYO_PORT", "PATH_"],
)
def test_names_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    load_settings()


def test_words_of_a_list_may_be_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "warning")
    monkeypatch.setenv("JWT_ALGORITHM", "hs512")
    assert (load_settings().log_level, load_settings().jwt_algorithm) == ("WARNING", "HS512")


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "RATE_LIMIT", "WS_ENDPOINT", "APPLE_ID", "APPLE_ID_PASSWORD"])
def test_on_a_developers_machine_are_more_of_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LYO_MODE", "local")
    load_settings()


def test_a_name_like_one_that_is_given_is_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:pass@localhost/lyo_db")
    monkeypatch.setenv("DATABASE_URI", "postgresql://user:pass@localhost/lyo_db")
    load_settings()


def test_random_secrets_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for made in (str(uuid4()), secrets.token_hex(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)):
        monkeypatch.setenv("JWT_SECRET_KEY", made)
        assert load_settings().require_jwt_secret() == made


def test_the_demo_account_is_of_the_local_mode_and_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load_settings().has_demo
    monkeypatch.setenv("LYO_MODE", "local")
    assert load_settings().has_demo
    monkeypatch.setenv("LYO_DEMO", "false")
    assert not load_settings().has_demo


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
