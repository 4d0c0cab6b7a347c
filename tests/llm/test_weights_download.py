from pathlib import Path

import pytest
from support.model_hosts import CONTENT, Host, download_host

from lyo.llm.weights.download import Fetch, Patience, download, require_disk
from lyo.llm.weights.errors import WeightsError

SOON = Patience(connect=2, read=0.5, barren_attempts=3, first_pause=0.01)


def fetch(host: Host, part: Path, size: int | None = None) -> list[tuple[int, int | None]]:
    seen: list[tuple[int, int | None]] = []
    download(Fetch(host.url, part, size=size, patience=SOON), lambda done, total: seen.append((done, total)))
    return seen


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "tiny.gguf.part"


def test_a_whole_file_comes_with_progress(part: Path) -> None:
    with download_host(Host()) as host:
        seen = fetch(host, part)
    assert part.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert list(part.parent.iterdir()) == [part]


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_a_cut_connection_is_resumed_where_it_was_cut(part: Path, percent: int) -> None:
    cut = len(CONTENT) * percent // 100
    with download_host(Host(cut_after=[cut])) as host:
        fetch(host, part)
    assert part.read_bytes() == CONTENT
    assert host.ranges == [None, f"bytes={cut}-"]


def test_a_host_that_ignores_ranges_sends_it_all_again(part: Path) -> None:
    with download_host(Host(cut_after=[1_000_000], knows_ranges=False)) as host:
        fetch(host, part)
    assert part.read_bytes() == CONTENT
    assert host.ranges == [None, "bytes=1000000-"]


def test_a_file_that_changed_under_us_is_begun_anew(part: Path) -> None:
    with download_host(Host(cut_after=[1_000_000])) as host:
        host.statuses = [200, 503, 503, 503]
        with pytest.raises(WeightsError):
            fetch(host, part)
        host.content, host.etag, host.statuses = bytes(reversed(CONTENT)), '"v2"', []
        fetch(host, part)
    assert part.read_bytes() == bytes(reversed(CONTENT))


def test_a_range_that_was_not_asked_for_is_not_believed(part: Path) -> None:
    with download_host(Host(cut_after=[500_000], range_shift=100)) as host:
        fetch(host, part)
    assert part.read_bytes() == CONTENT
    assert host.ranges == [None, "bytes=500000-", None]


def test_a_part_that_is_whole_already_needs_no_more(part: Path) -> None:
    with download_host(Host()) as host:
        host.statuses = [200]
        fetch(host, part)
        part.with_name(f"{part.name}.json").write_text(f'{{"url": "{host.url}", "validator": "\\"v1\\""}}')
        fetch(host, part)
    assert host.ranges == [None, f"bytes={len(CONTENT)}-"]
    assert part.read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_thrown_away(part: Path) -> None:
    with download_host(Host()) as host:
        part.write_bytes(CONTENT + b"more")
        part.with_name(f"{part.name}.json").write_text(f'{{"url": "{host.url}", "validator": "\\"v1\\""}}')
        fetch(host, part)
    assert part.read_bytes() == CONTENT


def test_without_a_validator_nothing_is_resumed(part: Path) -> None:
    with download_host(Host(etag='W/"weak"', cut_after=[700_000])) as host:
        fetch(host, part)
    assert part.read_bytes() == CONTENT
    assert host.ranges == [None, None]


def test_a_host_that_stalls_is_left_and_asked_again(part: Path) -> None:
    with download_host(Host(seconds_per_block=0.8)) as host:
        with pytest.raises(WeightsError, match="broke off") as caught:
            download(
                Fetch(host.url, part, patience=Patience(connect=2, read=0.2, barren_attempts=1, first_pause=0.01)),
                lambda _done, _total: host.statuses.extend([503] * 9),
            )
        assert caught.value.code == "download_failed"


def test_errors_of_the_host_are_retried_a_few_times(part: Path) -> None:
    with download_host(Host(statuses=[503, 429])) as host:
        fetch(host, part)
        assert part.read_bytes() == CONTENT
        host.statuses = [500] * 3
        with pytest.raises(WeightsError, match="the host answered 500"):
            fetch(host, part.with_name("other.part"))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (Host(statuses=[404]), "answered 404"),
        (Host(statuses=[403]), "answered 403"),
        (Host(encoding="gzip"), "compressed"),
        (Host(location="http://example.org/model"), "not https"),
    ],
)
def test_what_cannot_be_mended_by_asking_again_fails_at_once(part: Path, host: Host, words: str) -> None:
    with download_host(host), pytest.raises(WeightsError, match=words):
        fetch(host, part)
    assert len(host.ranges) == 1


def test_a_redirect_without_end_is_given_up(part: Path) -> None:
    with download_host(Host()) as host:
        host.location = host.url
        with pytest.raises(WeightsError, match="without end"):
            fetch(host, part)


def test_another_length_than_the_source_promised_is_refused(part: Path) -> None:
    with download_host(Host()) as host, pytest.raises(WeightsError, match="were expected"):
        fetch(host, part, size=len(CONTENT) + 1)
    assert not part.exists()


def test_a_disk_without_room_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="MiB are free: make room, or set LYO_DATA_DIR") as caught:
        require_disk(tmp_path, 1 << 60)
    assert caught.value.code == "not_enough_disk"
