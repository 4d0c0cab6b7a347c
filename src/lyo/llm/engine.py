"""llama.cpp's own HTTP server, in a process of its own: `python -m lyo.llm.engine SPEC`, started by `lyo.llm.server`.

It is a child because loading holds the interpreter for seconds (no signal is handled, nobody is answered) and because
a loader written in C++ may take its process with it. It ends with its parent, however that ends: the parent holds the
other end of its standard input. When the model can be asked, it prints one line to standard output.
"""

import ctypes
import json
import logging
import os
import signal
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

READY = "ready"
_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX = -8
_BATCH = 512
_MICRO_BATCH = 256
_PREFIXES_MIB = 64
"""For prompts that have left their slots: some twenty, of 10 KiB a token with the default model."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Everything that the child needs to know; travels as JSON in its argument."""

    path: str
    name: str
    tags: list[str]
    """Shown in `/v1/models`: `sha256:…` of the verified file, and `chat` or `base`."""
    host: str
    port: int
    slots: int
    context_tokens: int
    """Of one slot."""


def main() -> None:
    """Load the model, say so, and serve until standard input ends."""
    _set_up_process()
    spec = EngineSpec(**json.loads(sys.argv[1]))
    server = _load(spec)
    print(READY, flush=True)  # noqa: T201  the parent reads it
    sys.stdin.buffer.read()
    logging.getLogger(__name__).debug("The parent of the engine at %s is gone.", server.listening_address)
    # Tearing down the C++ threads in order takes time that nobody waits for.
    os._exit(0)


def parameters(spec: EngineSpec) -> Any:
    """The engine's parameters in llama.cpp's terms; figures as measured on two cores with Gemma 3 270M."""
    library = _llama_cpp()
    params = library.CommonParams()
    params.model.path = spec.path
    params.model_alias = {spec.name}
    params.model_tags = set(spec.tags)
    params.hostnames = [spec.host]
    params.port = spec.port
    # The parent listens on the same port until the model is ready, so that nobody is ever refused.
    params.reuse_port = True
    params.n_parallel = spec.slots
    params.n_ctx = spec.slots * spec.context_tokens
    # A cache of its own for each slot: a long prompt in one never throws out another's.
    params.kv_unified = False
    params.fit_params = False
    params.n_batch = _BATCH
    params.n_ubatch = _MICRO_BATCH
    # Gemma's sliding layers would otherwise forget the few-shot prefix behind their window of 512 tokens, and each
    # request would read it anew. Full layers at 8 bits take as much as sliding ones at 16, and need no checkpoints.
    # The second prompt cache is small: without a limit it grew the process by 220 MiB, and without it each change of
    # language reads the few-shot prefix anew.
    params.swa_full = True
    params.cache_type_k = params.cache_type_v = library.ggml_type.GGML_TYPE_Q8_0
    params.n_ctx_checkpoints = 0
    params.cache_ram_mib = _PREFIXES_MIB
    params.endpoint_metrics = True
    params.endpoint_slots = True
    # No page of some web site shall use the model through its reader's browser.
    params.cors_origins = ""
    params.ui = False
    params.offline = True
    params.verbosity = 1
    return params


def _load(spec: EngineSpec) -> Any:
    return _llama_cpp().Server(parameters(spec))


def _llama_cpp() -> Any:
    # Threads that wait for each other sleep instead of spinning. With two other busy processes on two cores, spinning
    # took the first answer from 39 tokens/s to less than 1. libgomp reads this once, when the library is loaded.
    os.putenv("OMP_WAIT_POLICY", "passive")
    # A library of 100 MB without type information, loaded in the child only.
    return import_module("xllamacpp")


def _set_up_process() -> None:
    # Ctrl-C reaches the whole process group: the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # Also while loading, when nothing reads standard input.
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if hasattr(libc, "mallopt"):
            # Otherwise each of the engine's threads keeps freed memory in an arena of its own.
            libc.mallopt(_M_ARENA_MAX, 2)


if __name__ == "__main__":
    main()
