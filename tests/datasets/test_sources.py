"""Where a file comes from: each place in its turn, a real server, and no network at all."""

import dataclasses
import hashlib
import http.server
import io
import json
import os
import resource
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.datasets import cache, catalog, download, sources
from runner.datasets.base import BuiltIn
from runner.datasets.built_in.imdb import BUILT_IN as IMDB
from runner.datasets.built_in.mnist import BUILT_IN as MNIST
from runner.datasets.sources import Location
from runner.errors import DataError
from tests.datasets.files import imdb_config, imdb_file, mnist_config
from tests.processes import at_once

HOUR = 3600  # seconds


@dataclasses.dataclass
class Server:
    """A web server on this machine: what it was asked for, and how to answer otherwise than from its folder."""

    folder: Path
    address: str
    asked: list[str]
    breaks_off: bool = False
    statuses: list[int] = dataclasses.field(default_factory=list)  # of the next answers
    ranges: bool = False  # continues where it is asked to, and breaks off the first answer

    def fetched(self) -> list[str]:
        return [each for each in self.asked if each.startswith("GET")]


Serve = Callable[..., Server]


@pytest.fixture
def port() -> int:
    """The port of RUNNER_DATA_URL, on which nobody answers unless the test starts a server there."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: int) -> Path:
    """No data in any of the places, no network; returns the folder that the places are made in."""
    monkeypatch.delenv("RUNNER_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNNER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("RUNNER_DATA_URL", f"http://127.0.0.1:{port}/")
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """`serve(port=0)` starts a server of the folder `served` and names it in RUNNER_DATA_URL."""
    (tmp_path / "served").mkdir()
    running: list[socketserver.BaseServer] = []

    def start(port: int = 0) -> Server:
        server = Server(tmp_path / "served", "", [])

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(server.folder))

            def log_message(self, *arguments: Any) -> None:
                server.asked.append(self.requestline)

            def do_GET(self) -> None:
                if server.statuses:
                    return self.send_error(server.statuses.pop(0))
                if not (server.ranges and "Range" in self.headers):
                    return super().do_GET()
                contents = Path(self.translate_path(self.path)).read_bytes()
                begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                self.send_header("Content-Length", str(len(contents) - begin))
                self.end_headers()
                return self.copyfile(io.BytesIO(contents[begin:]), self.wfile)

            def copyfile(self, source: Any, outputfile: Any) -> None:
                contents = source.read()
                outputfile.write(contents[: len(contents) // 2] if server.breaks_off else contents)
                server.breaks_off = server.breaks_off and not server.ranges

        answering = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        answering.daemon_threads = False  # so that closing it waits for those that still answer
        running.append(answering)
        threading.Thread(target=answering.serve_forever, args=(0.01,), daemon=True).start()
        server.address = f"http://127.0.0.1:{answering.server_port}/"
        monkeypatch.setenv("RUNNER_DATA_URL", server.address)
        return server

    yield start
    for answering in running:
        answering.shutdown()
        answering.server_close()


def known(path: Path) -> BuiltIn:
    """IMDB as if the file at `path` were the one whose hash is known."""
    return dataclasses.replace(IMDB, files={"imdb.npz": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"})


def put(folder: Path, name: str = "imdb.npz") -> Path:
    """A small file of that name, made with its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return imdb_file(folder / name)


def kept(bare_machine: Path) -> list[Path]:
    """The files in the cache that hold anything: fetched or half fetched, by whatever name."""
    files = [each for each in (bare_machine / "cache").rglob("*") if each.is_file()]
    return [each for each in files if each.stat().st_size > 0]


# The places in their order.


def test_the_sample_is_taken_where_it_is_asked_for_though_all_else_is_there(bare_machine: Path) -> None:
    path = put(bare_machine / "keras" / "datasets")
    assert sources.locate(imdb_config("sample", path), IMDB) == Location("sample")


@pytest.mark.parametrize("source", ["auto", "full"])
def test_each_place_is_looked_in_after_the_one_before_it(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve, source: str
) -> None:
    """dataset.path, RUNNER_DATA_DIR, the Keras cache, what was downloaded earlier, a download."""
    server = serve()
    built_in = known(put(server.folder))
    fetched = sources.locate(imdb_config(source), built_in)
    assert fetched == Location("full", bare_machine / "cache" / "downloads" / "imdb.npz")
    assert len(server.fetched()) == 1

    keras = put(bare_machine / "keras" / "datasets")
    assert sources.locate(imdb_config(source), built_in) == Location("full", keras)

    monkeypatch.setenv("RUNNER_DATA_DIR", str(bare_machine / "data"))
    with pytest.raises(DataError, match=r"RUNNER_DATA_DIR=.*data is not a folder"):
        sources.locate(imdb_config(source), built_in)
    (bare_machine / "data").mkdir()
    assert sources.locate(imdb_config(source), built_in) == Location("full", keras)
    in_data_dir = put(bare_machine / "data")
    assert sources.locate(imdb_config(source), built_in) == Location("full", in_data_dir)

    own = put(bare_machine / "own", "mine.npz")
    assert sources.locate(imdb_config(source, own), built_in) == Location("full", own)
    assert len(server.fetched()) == 1


def test_without_keras_home_its_cache_is_in_the_home_folder(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_HOME")
    path = put(bare_machine / "home" / ".keras" / "datasets")
    assert sources.locate(imdb_config("full"), IMDB) == Location("full", path)


def test_a_path_may_start_with_the_home_folder(bare_machine: Path) -> None:
    path = put(bare_machine / "home", "mine.npz")
    assert catalog.load(imdb_config("full", Path("~/mine.npz"))).source == "full"
    assert sources.locate(imdb_config("full", Path("~/mine.npz")), IMDB) == Location("full", path)


@pytest.mark.parametrize("source", ["auto", "full"])
def test_a_path_without_a_file_is_an_error_even_where_a_sample_would_do(bare_machine: Path, source: str) -> None:
    with pytest.raises(DataError, match=r"nowhere\.npz cannot be read .* give another dataset\.path"):
        catalog.load(imdb_config(source, bare_machine / "nowhere.npz"))


def test_the_remedy_depends_on_whose_file_it_is(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to remove a file of their own to have it downloaded anew."""

    def refused(path: Path | None = None) -> str:
        with pytest.raises(DataError) as caught:
            catalog.load(imdb_config("full", path))
        return str(caught.value)

    def bad(folder: Path) -> Path:
        path = put(folder)
        path.write_text("no archive")
        return path

    own = bad(bare_machine / "own")
    assert refused(own) == f"{own} cannot be used: it is truncated or not an npz file; give another dataset.path"
    for folder in (bare_machine / "cache" / "downloads", bare_machine / "keras" / "datasets"):
        bad(folder)
        assert refused().endswith("; remove it to have it downloaded anew")
    bad(bare_machine / "data")
    monkeypatch.setenv("RUNNER_DATA_DIR", str(bare_machine / "data"))
    assert refused().endswith("; replace it, or remove it from the folder that RUNNER_DATA_DIR names")


def test_a_download_can_be_read_by_whoever_may_read_its_folder(bare_machine: Path, serve: Serve) -> None:
    server = serve()
    before = os.umask(0o022)
    try:
        location = sources.locate(imdb_config("full"), known(put(server.folder)))
    finally:
        os.umask(before)
    assert location.path is not None
    assert location.path.stat().st_mode & 0o777 == 0o644
    assert location.path.with_name("imdb.npz.lock").stat().st_mode & 0o777 == 0o666


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's file")
@pytest.mark.parametrize("plant", [lambda path: os.chown(path, 65_534, 65_534), lambda path: path.chmod(0o646)])
def test_a_download_that_a_stranger_could_have_written_is_not_used(
    bare_machine: Path, serve: Serve, plant: Callable[[Path], None]
) -> None:
    """Of a cache of another user's, whose files are trusted, but not where all may write into them."""
    server = serve()
    path = put(bare_machine / "cache" / "downloads")
    built_in = known(put(server.folder))
    assert sources.locate(imdb_config("full"), built_in).path == path
    plant(path)
    if path.stat().st_uid == 0:
        os.chown(bare_machine / "cache", 65_533, 65_533)
        os.chown(path, 65_533, 65_533)
    with pytest.raises(DataError, match="is another user's: set RUNNER_CACHE_DIR"):
        sources.locate(imdb_config("full"), built_in)


def test_each_dataset_has_its_own_file(bare_machine: Path) -> None:
    put(bare_machine / "keras" / "datasets", "imdb.npz")
    assert sources.locate(mnist_config("auto"), MNIST) == Location("sample")
    path = put(bare_machine / "keras" / "datasets", "mnist.npz")
    assert sources.locate(mnist_config("auto"), MNIST) == Location("full", path)


# The download.


def test_a_download_is_the_file_that_the_server_has(bare_machine: Path, serve: Serve) -> None:
    server = serve()
    served = put(server.folder)
    location = sources.locate(imdb_config("full"), known(served))
    assert location.path is not None
    assert location.path.read_bytes() == served.read_bytes()
    assert server.fetched() == ["GET /imdb.npz HTTP/1.1"]
    assert kept(bare_machine) == [location.path]


@pytest.mark.parametrize("ending", ["/mirror", "/mirror/"])
def test_a_mirror_may_be_a_folder_of_a_server(serve: Serve, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    server = serve()
    built_in = known(put(server.folder / "mirror"))
    monkeypatch.setenv("RUNNER_DATA_URL", server.address.rstrip("/") + ending)
    assert sources.locate(imdb_config("full"), built_in).source == "full"


@pytest.mark.parametrize("source", ["auto", "full"])
def test_a_file_of_another_hash_is_refused_and_not_kept(bare_machine: Path, serve: Serve, source: str) -> None:
    """It is no reason for the sample either: somebody has to look into it."""
    server = serve()
    put(server.folder)
    with pytest.raises(DataError) as caught:
        sources.locate(imdb_config(source), IMDB)
    line = str(caught.value)
    assert line.isprintable()
    assert server.address in line
    assert "imdb.npz" in line
    assert IMDB.files["imdb.npz"].removeprefix("sha256:") in line
    assert "dataset.path" in line
    assert kept(bare_machine) == []


def test_after_a_file_of_another_hash_the_right_one_is_fetched(serve: Serve) -> None:
    server = serve()
    served = put(server.folder)
    right, contents = known(served), served.read_bytes()
    served.write_bytes(b"a page that says: log in first")
    with pytest.raises(DataError):
        sources.locate(imdb_config("full"), right)
    served.write_bytes(contents)
    location = sources.locate(imdb_config("full"), right)
    assert location.path is not None
    assert location.path.read_bytes() == contents


def test_a_download_that_breaks_off_is_not_kept(bare_machine: Path, serve: Serve) -> None:
    server = serve()
    built_in = known(put(server.folder))
    server.breaks_off = True
    with pytest.raises(DataError):
        sources.locate(imdb_config("full"), built_in)
    assert kept(bare_machine) == []


def test_a_server_without_the_file_is_as_good_as_none(serve: Serve) -> None:
    serve()
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
    with pytest.raises(DataError, match=r"dataset\.path"):
        sources.locate(imdb_config("full"), IMDB)


def test_a_download_that_breaks_off_is_continued_where_the_server_can(serve: Serve) -> None:
    server = serve()
    served = put(server.folder)
    server.breaks_off = server.ranges = True
    location = sources.locate(imdb_config("full"), known(served))
    assert location.path is not None
    assert location.path.read_bytes() == served.read_bytes()
    assert len(server.fetched()) == 2


def test_an_error_of_the_server_is_tried_again_and_not_remembered(serve: Serve) -> None:
    server = serve()
    built_in = known(put(server.folder))
    server.statuses = [500] * 3
    with pytest.raises(DataError, match=r"cannot be downloaded \(HTTP 500\)"):
        sources.locate(imdb_config("full"), built_in)
    server.statuses = [503] * 2
    assert sources.locate(imdb_config("full"), built_in).source == "full"


def test_a_full_disk_is_told_as_one_and_not_remembered(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of the test is not full: the system refuses a file above a limit instead, as it does a quota."""
    server = serve()
    built_in = known(put(server.folder))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        with pytest.raises(DataError, match=r"cannot be written \(File too large\)"):
            sources.locate(imdb_config("full"), built_in)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert sources.locate(imdb_config("full"), built_in).source == "full"


@pytest.mark.parametrize(
    ("limit", "value", "said"), [("MOST_BYTES", 64, "more than 0 MB"), ("MOST_SECONDS", 0, "more than 0 minutes")]
)
def test_a_download_has_a_limit(
    bare_machine: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, said: str
) -> None:
    server = serve()
    built_in = known(put(server.folder))
    monkeypatch.setattr(download, limit, value)
    with pytest.raises(DataError, match=said):
        sources.locate(imdb_config("full"), built_in)
    assert len(server.fetched()) == 1
    assert kept(bare_machine) == []


FETCH = """
import dataclasses
from runner.datasets.built_in.imdb import Imdb
from runner.datasets import sources
from runner.datasets.built_in import imdb
built_in = dataclasses.replace(imdb.BUILT_IN, files={"imdb.npz": sys.argv[1]})
config = Imdb(name="imdb", source=sys.argv[2], path=None, labels="integer", num_words=None)
start()
location = sources.locate(config, built_in)
print(location.source, location.path and len(imdb.read(location.path, {"num_words": None})["train_labels"]))
"""


@pytest.mark.slow
def test_four_processes_that_start_at_once_fetch_once_and_all_have_the_file(serve: Serve) -> None:
    server = serve()
    ended = at_once(FETCH, known(put(server.folder)).files["imdb.npz"], "full")
    assert [(each.returncode, each.stdout) for each in ended] == [(0, "full 3\n")] * 4, ended
    assert len(server.fetched()) == 1


@pytest.mark.slow
def test_four_processes_that_start_at_once_offline_all_take_the_sample() -> None:
    ended = at_once(FETCH, IMDB.files["imdb.npz"], "auto")
    assert [(each.returncode, each.stdout) for each in ended] == [(0, "sample None\n")] * 4, ended


# The words that belong to the data.

INDEX = "imdb_word_index.json"
WORDS = {f"w{rank}": rank for rank in range(1, 30)}  # with the largest rank of `imdb_file`, 30, cut off


def as_keras_own(folder: Path, path: Path) -> BuiltIn:
    """IMDB as if the data at `path` and the index in a folder were those whose hashes are known."""
    (folder / INDEX).write_text(json.dumps({**WORDS, "last": 30}))
    assert IMDB.words
    md5 = hashlib.md5((folder / INDEX).read_bytes()).hexdigest()
    return dataclasses.replace(known(path), words=dataclasses.replace(IMDB.words, md5=md5))


def words_of(built_in: BuiltIn) -> tuple[str, ...]:
    config = imdb_config("full", num_words=None)
    vocabulary = cache.load(config, built_in, sources.locate(config, built_in)).vocabulary
    assert vocabulary
    return vocabulary.words


def test_the_words_are_downloaded_once_where_the_data_is_that_of_keras(bare_machine: Path, serve: Serve) -> None:
    server = serve()
    built_in = as_keras_own(server.folder, put(server.folder))
    assert words_of(built_in) == words_of(built_in) == tuple(WORDS)
    assert server.fetched() == ["GET /imdb.npz HTTP/1.1", f"GET /{INDEX} HTTP/1.1"]


def test_a_mirror_without_the_words_still_has_data_and_is_asked_for_them_once_an_hour(serve: Serve) -> None:
    server = serve()
    built_in = as_keras_own(server.folder, put(server.folder))
    (server.folder / INDEX).unlink()
    asked = []
    for _ in range(2):
        with pytest.raises(DataError, match=f"{INDEX} is not on this machine and cannot be downloaded"):
            words_of(built_in)
        asked.append(len(server.asked))
    assert asked[0] == asked[1]
    put(server.folder, "mnist.npz")
    with pytest.raises(DataError, match=r"gave another mnist\.npz"):  # so it is fetched
        sources.locate(mnist_config("full"), MNIST)


def test_words_of_another_hash_are_refused_and_not_kept(bare_machine: Path, serve: Serve) -> None:
    server = serve()
    built_in = as_keras_own(server.folder, put(server.folder))
    (server.folder / INDEX).write_text("{}")
    with pytest.raises(DataError, match=rf"gave another {INDEX} than the known one \(MD5 [0-9a-f]{{32}}\)"):
        words_of(built_in)
    assert not (bare_machine / "cache" / "downloads" / INDEX).exists()


# No network.


def test_out_of_reach_full_data_is_an_error_that_names_three_ways_to_supply_it(bare_machine: Path) -> None:
    with pytest.raises(DataError) as caught:
        catalog.load(imdb_config("full"))
    line = str(caught.value)
    assert line.isprintable()
    for part in ("imdb.npz", "dataset.path", "RUNNER_DATA_DIR", str(bare_machine / "keras" / "datasets")):
        assert part in line


def test_out_of_reach_auto_takes_the_sample() -> None:
    data = catalog.load(imdb_config("auto"))
    assert (data.source, data.label, len(data.train)) == ("sample", "imdb (sample)", 4_000)


def test_that_an_address_is_out_of_reach_is_remembered_for_an_hour(bare_machine: Path, port: int, serve: Serve) -> None:
    """A server that comes up on the same port is asked only after an hour, by auto and full alike."""
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")

    server = serve(port)
    built_in = known(put(server.folder))
    assert sources.locate(imdb_config("auto"), built_in) == Location("sample")
    with pytest.raises(DataError, match="less than an hour ago"):
        sources.locate(imdb_config("full"), built_in)
    grown_older(bare_machine / "cache", HOUR - 60)
    assert sources.locate(imdb_config("auto"), built_in) == Location("sample")
    assert server.asked == []

    grown_older(bare_machine / "cache", HOUR + 1)
    assert sources.locate(imdb_config("auto"), built_in).source == "full"


def test_an_address_still_out_of_reach_after_an_hour_is_remembered_anew(
    bare_machine: Path, port: int, serve: Serve
) -> None:
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
    grown_older(bare_machine / "cache", HOUR + 1)
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
    server = serve(port)
    assert sources.locate(imdb_config("auto"), known(put(server.folder))) == Location("sample")
    assert server.asked == []


def test_a_mark_from_the_future_is_no_memory(bare_machine: Path, port: int, serve: Serve) -> None:
    """A clock that was set back must not keep a machine offline for years."""
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
    grown_older(bare_machine / "cache", -HOUR)
    server = serve(port)
    assert sources.locate(imdb_config("auto"), known(put(server.folder))).source == "full"


def grown_older(folder: Path, seconds: float) -> None:
    """Every file in a folder as if it had been written that long ago."""
    then = time.time() - seconds
    for each in folder.rglob("*"):
        if each.is_file():
            os.utime(each, (then, then))


def test_another_address_is_asked_at_once(serve: Serve) -> None:
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
    server = serve()
    assert sources.locate(imdb_config("auto"), known(put(server.folder))).source == "full"


def test_a_file_supplied_by_hand_is_taken_within_the_hour(bare_machine: Path) -> None:
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
    path = put(bare_machine / "keras" / "datasets")
    assert sources.locate(imdb_config("auto"), IMDB) == Location("full", path)


def test_a_network_that_swallows_every_word_is_given_up_and_asked_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        monkeypatch.setenv("RUNNER_DATA_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
        silent.accept()[0].close()
        assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/"])
def test_an_address_that_is_none_is_as_good_as_no_network(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("RUNNER_DATA_URL", address)
    assert sources.locate(imdb_config("auto"), IMDB) == Location("sample")


@pytest.mark.parametrize("source", ["auto", "full"])
def test_a_cache_that_cannot_be_written_is_one_line_that_names_it(
    bare_machine: Path, serve: Serve, source: str
) -> None:
    """A file stands in the place of the folder, for permissions do not hold everyone back."""
    server = serve()
    (bare_machine / "cache").write_text("")
    with pytest.raises(DataError) as caught:
        catalog.load(imdb_config(source))
    assert str(caught.value).isprintable()
    assert str(bare_machine / "cache") in str(caught.value)
    assert "RUNNER_CACHE_DIR" in str(caught.value)
    assert server.fetched() == []
