import random
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.gguf import read_header
from lyo.llm.weights.store import Weights


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tiny(
    *,
    architecture: str = "gemma3",
    blocks: int = 2,
    alignment: int = 32,
    tensors: int = 1,
    pairs: int | None = None,
    offset: int = 0,
    dimensions: int = 1,
    extra: bytes = b"",
    data: int = 64,
) -> bytes:
    metadata = [
        pair("general.architecture", 8, text(architecture)),
        pair("general.alignment", 4, struct.pack("<I", alignment)),
        pair(f"{architecture}.block_count", 4, struct.pack("<I", blocks)),
        pair(f"{architecture}.context_length", 4, struct.pack("<I", 1024)),
        pair(f"{architecture}.embedding_length", 4, struct.pack("<I", 64)),
        pair(f"{architecture}.attention.head_count", 4, struct.pack("<I", 4)),
        pair(f"{architecture}.attention.head_count_kv", 4, struct.pack("<I", 1)),
        pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")),
        pair("tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 2) + bytes(8)),
    ]
    if extra:
        metadata.append(extra)
    tensor = text("t") + struct.pack("<I", dimensions) + struct.pack("<Q", 16) * min(dimensions, 8)
    tensor += struct.pack("<IQ", 0, offset)
    head = b"GGUF" + struct.pack("<IQQ", 3, tensors, len(metadata) if pairs is None else pairs)
    header = head + b"".join(metadata) + tensor
    return header + bytes(-len(header) % 32) + bytes(data)


def header_of(tmp_path: Path, content: bytes) -> object:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    return read_header(path)


def test_the_default_model(weights: Weights) -> None:
    header = read_header(weights.path)
    assert (header.architecture, header.has_chat_template, header.context_tokens) == ("gemma3", False, 32768)
    # 18 layers, one head of 256 numbers each for keys and values, 34 bytes for 32 numbers.
    assert header.cache_bytes_per_token == 18 * 512 * 34 // 32


def test_a_tiny_file_that_is_right(tmp_path: Path) -> None:
    assert header_of(tmp_path, tiny(extra=pair("tokenizer.chat_template", 8, text("{{x}}")))).has_chat_template  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends in the middle"),
        (b"<html>404 not found</html>", "does not begin with GGUF"),
        (tiny()[:4] + struct.pack("<I", 9) + tiny()[8:], "version 9"),
        (tiny(tensors=1 << 60), "number of tensors"),
        (tiny(pairs=1 << 40), "number of keys"),
        (tiny(pairs=10_000), "header|type|text"),
        (tiny(extra=pair("x", 8, struct.pack("<Q", 1 << 62))), "a text of"),
        (tiny(extra=pair("x", 8, struct.pack("<Q", 1 << 20))), "ends in the middle"),
        (tiny(extra=pair("x", 9, struct.pack("<IQ", 4, 1 << 50))), "a list of"),
        (tiny(extra=pair("x", 9, struct.pack("<IQ", 9, 1))), "unusable type 9"),
        (tiny(extra=pair("x", 99, b"")), "unknown type 99"),
        (tiny(alignment=3), "power of two"),
        (tiny(alignment=1 << 30), "power of two"),
        (tiny(offset=1 << 50), "lie outside"),
        (tiny(data=0), "lie outside"),
        (tiny(tensors=0), "lie outside"),
        (tiny(dimensions=5), "5 dimensions"),
        (tiny(dimensions=1 << 30), "dimensions"),
        (tiny(blocks=1 << 20), "blocks"),
        (tiny(architecture="plamo2"), "architecture 'plamo2'"),
    ],
)
def test_a_broken_header_is_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        header_of(tmp_path, content)
    assert caught.value.code == "file_unusable"


def test_every_truncation_of_a_header_is_refused(tmp_path: Path) -> None:
    whole = tiny()
    for length in range(0, len(whole) - 64, 7):
        with pytest.raises(WeightsError):
            header_of(tmp_path, whole[:length])


@settings(max_examples=150, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damage_anywhere_gives_a_header_or_a_refusal(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  not for secrets
    content = bytearray(tiny())
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    try:
        header_of(tmp_path, bytes(content))
    except WeightsError as error:
        assert error.code == "file_unusable"  # noqa: PT017  either outcome is right, another error is not
