"""A look at a GGUF file's header, with limits, before it is handed to the C++ loader.

A loader that trusts counts and lengths has been made to write out of bounds more than once (llama.cpp #19856,
#26051, GHSA-8wwf-w4qm-gpqr), so they are checked here, in a language where a wrong one is an exception.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lyo.llm.weights.errors import WeightsError

MAX_TENSORS = 10_000
MAX_PAIRS = 10_000
MAX_STRING = 16 << 20
MAX_ARRAY = 4_000_000
MAX_ALIGNMENT = 1 << 20
MAX_HEADER = 256 << 20
MAX_NAME = 64
MAX_DIMENSIONS = 4
MAX_BLOCKS = 512
ARCHITECTURES = frozenset(
    {"gemma", "gemma2", "gemma3", "gemma3n", "gemma4", "llama", "qwen2", "qwen3", "phi3", "smollm3"}
)

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TENSOR_TYPES = {
    # ggml type: (elements in a block, bytes of a block), from ggml.c's type traits.
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    20: (32, 18), 23: (256, 136), 30: (1, 2),
}  # fmt: skip

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the header says that we need to know before loading."""

    architecture: str
    has_chat_template: bool
    """Whether it is tuned to hold a conversation; a base model is not."""
    context_tokens: int
    """The longest context that it was trained on; 0 where the file does not say."""
    cache_bytes_per_token: int
    """What one token of context takes in a q8_0 key/value cache (34 bytes for 32 numbers), all layers together."""


def read_header(path: Path) -> GgufHeader:
    """Check the header of the file at `path`; raises `WeightsError` (`file_unusable`)."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            return _header(_Reader(file, size))
    except _Malformed as error:
        raise WeightsError("file_unusable", f"{path.name} is no model that can be loaded: {error}.") from error


class _Malformed(Exception):
    """The header breaks the format or a limit."""


class _Reader:
    """Reads numbers and strings and counts what was read."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size
        self.position = 0

    def take(self, length: int) -> bytes:
        if self.position + length > min(self.size, MAX_HEADER):
            raise _Malformed("its header ends in the middle")
        self.position += length
        return self._file.read(length)

    def skip(self, length: int) -> None:
        if self.position + length > min(self.size, MAX_HEADER):
            raise _Malformed("its header ends in the middle")
        self.position += length
        self._file.seek(length, 1)

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def length_within(self, limit: int, what: str) -> int:
        length = self.number("<Q")
        if length > limit:
            raise _Malformed(f"{what} of {length} is beyond the limit of {limit}")
        return length

    def text(self, limit: int = MAX_STRING) -> str:
        return self.take(self.length_within(limit, "a text")).decode("utf-8", "replace")


def _header(reader: _Reader) -> GgufHeader:
    if reader.take(4) != b"GGUF":
        raise _Malformed("it does not begin with GGUF")
    version = reader.number("<I")
    if version not in {2, 3}:
        raise _Malformed(f"its format version {version} is not known")
    tensors = reader.length_within(MAX_TENSORS, "a number of tensors")
    pairs = reader.length_within(MAX_PAIRS, "a number of keys")
    metadata = dict(_pair(reader) for _ in range(pairs))
    ends = [_tensor(reader) for _ in range(tensors)]
    _check_data(reader, metadata.get("general.alignment", 32), ends)
    return _summary(metadata)


def _pair(reader: _Reader) -> tuple[str, Value]:
    key = reader.text(1 << 16)
    return key, _value(reader, reader.number("<I"))


def _value(reader: _Reader, kind: int) -> Value:
    if kind == _STRING:
        return reader.text()
    if kind == _ARRAY:
        _skip_array(reader)
        return None
    form = _SCALARS.get(kind)
    if form is None:
        raise _Malformed(f"it has a value of the unknown type {kind}")
    value: int | float | bool = struct.unpack(form, reader.take(struct.calcsize(form)))[0]
    return value


def _skip_array(reader: _Reader) -> None:
    kind = reader.number("<I")
    length = reader.length_within(MAX_ARRAY, "a list")
    if kind == _STRING:
        for _ in range(length):
            reader.skip(reader.length_within(MAX_STRING, "a text"))
    elif kind in _SCALARS:
        reader.skip(length * struct.calcsize(_SCALARS[kind]))
    else:
        raise _Malformed(f"it has a list of the unusable type {kind}")


def _tensor(reader: _Reader) -> tuple[int, int]:
    """The offset of a tensor in the data, and its least size in bytes."""
    reader.skip(reader.length_within(MAX_NAME, "a tensor's name"))
    dimensions = reader.number("<I")
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise _Malformed(f"a tensor has {dimensions} dimensions")
    elements = math.prod(reader.number("<Q") for _ in range(dimensions))
    block, width = _TENSOR_TYPES.get(reader.number("<I"), (1, 0))
    return reader.number("<Q"), -(-elements // block) * width


def _check_data(reader: _Reader, alignment: Value, tensors: list[tuple[int, int]]) -> None:
    if not isinstance(alignment, int) or not 1 <= alignment <= MAX_ALIGNMENT or alignment & (alignment - 1):
        raise _Malformed(f"its alignment {alignment} is no power of two up to {MAX_ALIGNMENT}")
    begin = -(-reader.position // alignment) * alignment
    if not tensors or any(offset % alignment or begin + offset + size > reader.size for offset, size in tensors):
        raise _Malformed("it is cut off, or its tensors lie outside it")


def _summary(metadata: dict[str, Value]) -> GgufHeader:
    architecture = str(metadata.get("general.architecture"))
    if architecture not in ARCHITECTURES:
        raise _Malformed(f"its architecture {architecture[:40]!r} is none of {', '.join(sorted(ARCHITECTURES))}")

    def whole(key: str, default: int = 0) -> int:
        value = metadata.get(f"{architecture}.{key}")
        return value if isinstance(value, int) else default

    blocks = whole("block_count")
    if not 1 <= blocks <= MAX_BLOCKS:
        raise _Malformed(f"it has {blocks} blocks")
    heads = whole("attention.head_count", 1)
    width = whole("embedding_length") // max(heads, 1)
    lengths = whole("attention.key_length", width) + whole("attention.value_length", width)
    return GgufHeader(
        architecture=architecture,
        has_chat_template=bool(metadata.get("tokenizer.chat_template")),
        context_tokens=whole("context_length"),
        cache_bytes_per_token=blocks * whole("attention.head_count_kv", heads) * lengths * 34 // 32,
    )
