"""Whether a model fits into the memory of this machine, asked before it is loaded."""

from pathlib import Path

from lyo.llm.weights.errors import WeightsError

OVERHEAD_BYTES = 192 << 20
"""What llama.cpp takes besides file and cache: compute buffers, prompt cache, its own code. Measured 150 MiB for four
slots of Gemma 3 270M; rounded up."""


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Bytes that can be taken without swapping, by the kernel's own estimate; None where it does not give one."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def require_memory(file_bytes: int, cache_bytes: int, available: int | None) -> None:
    """Raise `WeightsError` (`not_enough_memory`) unless file, cache and overhead fit into `available` bytes."""
    needed = file_bytes + cache_bytes + OVERHEAD_BYTES
    if available is not None and needed > available:
        raise WeightsError(
            "not_enough_memory",
            f"The model needs {needed >> 20} MiB of memory and {available >> 20} MiB are available: free some, "
            "choose a smaller model, or lower MODEL_SLOTS or MODEL_CONTEXT_TOKENS.",
        )
