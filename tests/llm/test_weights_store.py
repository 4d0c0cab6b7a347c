import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.model_driving import Configure, command, environment, run
from support.model_hosts import CONTENT, Host, download_host

from lyo.llm.weights.errors import WeightsError
from lyo.llm.weights.receipt import read_receipt
from lyo.llm.weights.store import Weights, locate, pull, verify


def quiet(_done: int, _total: int | None) -> None:
    pass


def flip_a_byte(path: Path, at: int = 1000) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def test_the_default_model_is_the_one_that_we_know(weights: Weights) -> None:
    assert weights.sha256 == "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
    assert weights.fingerprint.size == 253_113_024


def test_a_pull_leaves_a_read_only_file_and_a_receipt(tmp_path: Path, configure: Configure) -> None:
    with download_host(Host()) as host:
        settings = configure(tmp_path, model_source=host.url, model_checksum=host.sha256)
        weights = pull(settings, quiet, lambda _sentence: None)
        said: list[str] = []
        assert pull(settings, quiet, said.append) == weights
    assert len(host.ranges) == 1
    assert said == [f"{weights.path.name} is here already, verified."]
    assert weights.path.stat().st_mode & 0o777 == 0o444
    receipt = read_receipt(locate(settings).receipt_path)
    assert receipt is not None
    assert (receipt.sha256, receipt.size, receipt.source) == (host.sha256, len(CONTENT), host.url)


def test_what_came_wrong_is_set_aside_and_never_put_in_place(tmp_path: Path, configure: Configure) -> None:
    with download_host(Host()) as host:
        settings = configure(tmp_path, model_source=host.url, model_checksum="0" * 64)
        with pytest.raises(WeightsError, match="not loaded") as caught:
            pull(settings, quiet, lambda _sentence: None)
    assert caught.value.code == "checksum_mismatch"
    path = locate(settings).path
    assert not path.exists()
    assert path.with_name(f"{path.name}.bad").exists()
    assert not path.with_name(f"{path.name}.part").exists()


def test_a_damaged_file_is_refused_and_a_pull_replaces_it(tmp_path: Path, configure: Configure) -> None:
    with download_host(Host()) as host:
        settings = configure(tmp_path, model_source=host.url, model_checksum=host.sha256)
        path = pull(settings, quiet, lambda _sentence: None).path
        flip_a_byte(path)
        for trust in (True, False):
            with pytest.raises(WeightsError, match="not loaded; run `lyo model pull`") as caught:
                verify(locate(settings), quiet, trust_receipt=trust)
            assert caught.value.code == "checksum_mismatch"
        assert path.exists()
        said: list[str] = []
        assert pull(settings, quiet, said.append).sha256 == host.sha256
    assert "set aside as .bad" in said[0]
    assert path.read_bytes() == CONTENT


def test_a_receipt_saves_reading_and_a_full_verification_ignores_it(tmp_path: Path, configure: Configure) -> None:
    with download_host(Host()) as host:
        settings = configure(tmp_path, model_source=host.url, model_checksum=host.sha256)
        path = pull(settings, quiet, lambda _sentence: None).path
    before = path.stat()
    flip_a_byte(path)
    # Damage that hides: size and time of writing stay.
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    read: list[int] = []
    verify(locate(settings), lambda done, _total: read.append(done), trust_receipt=True)
    assert read == []
    with pytest.raises(WeightsError):
        verify(locate(settings), lambda done, _total: read.append(done))
    assert read[-1] == len(CONTENT)


@pytest.mark.parametrize("receipt", ["{}", "[1]", '{"sha256": 5}', "\x00", '{"sha256": "' + "0" * 64 + '"}'])
def test_a_tampered_receipt_only_costs_time(tmp_path: Path, configure: Configure, receipt: str) -> None:
    with download_host(Host()) as host:
        settings = configure(tmp_path, model_source=host.url, model_checksum=host.sha256)
        pull(settings, quiet, lambda _sentence: None)
    locate(settings).receipt_path.write_text(receipt)
    read: list[int] = []
    assert verify(locate(settings), lambda done, _: read.append(done), trust_receipt=True).sha256 == host.sha256
    assert read != []


def test_a_mounted_file_is_verified_where_it_is(tmp_path: Path, configure: Configure) -> None:
    folder = tmp_path / "mnt"
    folder.mkdir()
    (folder / "m.gguf").write_bytes(CONTENT)
    (folder / "README").write_text("not a model")
    (folder / "m.gguf").chmod(0o444)
    folder.chmod(0o555)
    settings = configure(tmp_path / "data", model_path=folder, model_checksum=Host().sha256)
    assert pull(settings, quiet, lambda _sentence: None).path == folder / "m.gguf"
    assert [file.name for file in folder.iterdir() if file.suffix != ""] == ["m.gguf"]
    assert locate(settings).receipt_path.parent == tmp_path / "data" / "models"
    folder.chmod(0o755)
    (folder / "second.gguf").write_bytes(b"")
    with pytest.raises(WeightsError, match="exactly one"):
        locate(settings)


def test_a_data_folder_that_cannot_be_written_does_not_stop_a_mounted_file(
    tmp_path: Path, configure: Configure
) -> None:
    (tmp_path / "m.gguf").write_bytes(CONTENT)
    (tmp_path / "data").write_text("a file where a folder should be")
    settings = configure(tmp_path / "data", model_path=tmp_path / "m.gguf", model_checksum=Host().sha256)
    assert verify(locate(settings), quiet).sha256 == Host().sha256
    with pytest.raises(WeightsError, match="cannot be written") as caught:
        pull(configure(tmp_path / "data"), quiet, lambda _sentence: None)
    assert caught.value.code == "folder_unusable"


def test_a_missing_file_says_how_to_get_it(tmp_path: Path, configure: Configure) -> None:
    with pytest.raises(WeightsError, match="run `lyo model pull`") as caught:
        verify(locate(configure(tmp_path)), quiet)
    assert caught.value.code == "model_missing"
    mounted = configure(tmp_path, model_path=tmp_path / "none.gguf", model_checksum="0" * 64)
    with pytest.raises(WeightsError, match="mend MODEL_PATH"):
        verify(locate(mounted), quiet)


def test_an_unknown_package_is_one_sentence(tmp_path: Path, configure: Configure) -> None:
    with pytest.raises(WeightsError, match="unknown package") as caught:
        locate(configure(tmp_path, model_source="package:left-pad"))
    assert caught.value.code == "bad_source"


def test_of_two_pullers_one_waits_and_finds_it_done(tmp_path: Path) -> None:
    papers = [tmp_path / "one", tmp_path / "other"]
    with download_host(Host()) as host:
        host.goes_on.clear()
        variables = environment(tmp_path, MODEL_SOURCE=host.url, MODEL_CHECKSUM=host.sha256)
        both = list[subprocess.Popen[bytes]]()
        for paper in papers:
            with paper.open("w") as stderr:
                both.append(subprocess.Popen(command("pull"), env=variables, cwd=tmp_path, stderr=stderr))
        deadline = time.monotonic() + 60
        while not (waiting := [paper for paper in papers if "waiting for it" in paper.read_text()]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        host.goes_on.set()
        assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert len(host.ranges) == 1
    assert "is here already, verified" in waiting[0].read_text()


def test_a_pull_that_was_killed_is_resumed_and_verified(tmp_path: Path) -> None:
    with download_host(Host(seconds_per_block=0.05)) as host:
        variables = {"MODEL_SOURCE": host.url, "MODEL_CHECKSUM": host.sha256}
        process = subprocess.Popen(command("pull"), env=environment(tmp_path, **variables), cwd=tmp_path)
        deadline = time.monotonic() + 30
        while not any(part.stat().st_size > 400_000 for part in (tmp_path / "models").glob("*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        host.seconds_per_block = 0
        again = run(tmp_path, "pull", **variables)
        assert again.returncode == 0, again.stderr
    assert host.ranges[0] is None
    assert host.ranges[1] is not None
    assert int(host.ranges[1].removeprefix("bytes=").rstrip("-")) > 300_000
    assert run(tmp_path, "verify", **variables).returncode == 0


def test_a_pull_from_the_package_that_was_killed_ends_verified(tmp_path: Path) -> None:
    process = subprocess.Popen(command("pull"), env=environment(tmp_path), cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size > 1_000_000 for part in (tmp_path / "models").glob("*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = run(tmp_path, "pull")
    assert again.returncode == 0, again.stderr
    assert "is verified" in again.stdout
    assert not list((tmp_path / "models").glob("*.part"))


def test_a_hub_file_is_pinned_by_its_commit_and_digest(tmp_path: Path) -> None:
    with download_host(Host()) as host:
        variables = {"MODEL_SOURCE": "hf:google/gemma-3@main/q4.gguf", "HF_ENDPOINT": host.url.rsplit("/models", 1)[0]}
        done = run(tmp_path, "pull", **variables)
        assert done.returncode == 0, done.stderr
        assert host.heads == ["/google/gemma-3/resolve/main/q4.gguf"]
        # The hub's client asks for more than the file, of its own accord.
        assert [path for path in host.paths if "resolve" in path] == [f"/google/gemma-3/resolve/{host.commit}/q4.gguf"]
        receipt = read_receipt(next((tmp_path / "models").glob("q4-*.gguf.json")))
        assert receipt is not None
        assert (receipt.sha256, receipt.revision) == (host.sha256, host.commit)
        assert run(tmp_path, "verify", **variables).returncode == 0
        # The branch moves on: what was pinned is not replaced behind anybody's back.
        next((tmp_path / "models").glob("q4-*.gguf")).unlink()
        host.content = bytes(reversed(CONTENT))
        moved = run(tmp_path, "pull", **variables)
    assert moved.returncode == 1
    assert "was pinned" in moved.stderr


def test_a_hub_file_without_a_digest_is_refused(tmp_path: Path) -> None:
    with download_host(Host(knows_sha256=False)) as host:
        done = run(tmp_path, "pull", MODEL_SOURCE="hf:a/b@main/q.gguf", HF_ENDPOINT=host.url.rsplit("/models", 1)[0])
    assert done.returncode == 1
    assert "gives no SHA-256" in done.stderr
