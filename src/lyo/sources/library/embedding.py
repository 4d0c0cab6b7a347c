"""Meaning as numbers: static word vectors, averaged over a text (`wordllama`, 256 dimensions, no network)."""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 256
BATCH = 1024

Vectors = NDArray[np.float32]


def embed(texts: Sequence[str]) -> Vectors:
    """Unit vectors, one row for each text; a row of zeros for a text without a token.

    Uses both the processor and, at the first call, the disk (about a second): call it from a thread.
    """
    rows = [_embed_batch(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    return np.concatenate(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)


def _embed_batch(texts: Sequence[str]) -> Vectors:
    # wordllama's own `embed` pads every text to the longest of its batch and divides by zero for an empty one.
    tokenizer, table = _model()
    encoded = [
        np.asarray(item.ids, dtype=np.int64)
        for item in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    ]
    vectors = np.zeros((len(encoded), DIMENSIONS), dtype=np.float32)
    for row, ids in zip(vectors, encoded, strict=True):
        if ids.size:
            table[ids].sum(axis=0, out=row)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return vectors


@cache
def _model() -> tuple[Any, Vectors]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    import wordllama  # noqa: PLC0415 - a second of import that only whoever searches should pay

    # Its import calls logging.basicConfig, which would print every line of ours twice.
    root.handlers[:], root.level = handlers, level
    # The wheel carries the weights and the tokenizer, but looks for the latter in a cache folder laid out like itself.
    folder = Path(wordllama.__file__).parent
    model: Any = wordllama.WordLlama.load(cache_dir=folder, disable_download=True, dim=DIMENSIONS)
    model.tokenizer.no_padding()
    return model.tokenizer, model.embedding
