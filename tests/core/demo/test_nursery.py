"""Programs that are forks of one nursery: their words, their surroundings, their ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from parvis.demo.nursery import Child, Nursery, Program
from parvis.errors import ConfigurationError

Start = Callable[..., Awaitable[Child]]
HERE = "tests.core.demo.test_nursery"


def says() -> None:
    """A program that says how it finds itself."""
    own_group = os.getpgid(0) == os.getpid()
    print(sys.argv, os.environ["WHO"], len(os.environ), own_group, Path("/proc/self/comm").read_text().strip())


def refuses() -> None:
    sys.exit("parvis: mend this.")


def fails() -> None:
    raise RuntimeError("what it was")


def lasts() -> None:
    print("here", flush=True)
    time.sleep(600)


def serves() -> None:
    with socket.socket(fileno=int(sys.argv[1].removeprefix("--fd="))) as listener:
        listener.accept()[0].sendall(b"served")


def lived(what: Callable[[Start, Nursery], Awaitable[None]], log: Path) -> str:
    """What its programs said while a nursery lived."""
    nursery = Nursery.fork(["parvis.demo.people"])

    async def live() -> None:
        async with nursery:
            with log.open("wb") as said:

                async def start(name: str, *arguments: str, sockets: tuple[int, ...] = ()) -> Child:
                    program = Program(name, f"{HERE}:{name}", arguments)
                    return await nursery.start(program, {"WHO": "me"}, (said.fileno(), *sockets))

                async with asyncio.timeout(60):
                    await what(start, nursery)

    asyncio.run(live())
    return log.read_text()


def test_a_program_has_its_words_its_environment_and_a_name(tmp_path: Path) -> None:
    async def what(start: Start, _: Nursery) -> None:
        assert await (await start("says", "a", "b")).ended == 0

    assert lived(what, tmp_path / "log") == "['says', 'a', 'b'] me 1 True says\n"


@pytest.mark.parametrize(("name", "told"), [("refuses", "parvis: mend this."), ("fails", "RuntimeError: what it was")])
def test_one_that_ends_badly_says_why(name: str, told: str, tmp_path: Path) -> None:
    async def what(start: Start, _: Nursery) -> None:
        assert await (await start(name)).ended == 1

    assert lived(what, tmp_path / "log").splitlines()[-1] == told


def test_it_is_stopped_and_its_end_known(tmp_path: Path) -> None:
    async def what(start: Start, nursery: Nursery) -> None:
        first, second = await start("lasts"), await start("lasts")
        assert list(nursery.children) == [first, second]
        first.signal(signal.SIGTERM)
        assert await first.ended == -signal.SIGTERM
        assert list(nursery.children) == [second]
        first.signal(signal.SIGTERM)

    lived(what, tmp_path / "log")


def test_a_socket_is_handed_over(tmp_path: Path) -> None:
    async def what(start: Start, _: Nursery) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            child = await start("serves", sockets=(listener.fileno(),))
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            assert await reader.read() == b"served"
            writer.close()
            assert await child.ended == 0

    lived(what, tmp_path / "log")


def test_none_outlives_it(tmp_path: Path) -> None:
    children = []

    async def what(start: Start, _: Nursery) -> None:
        children.append(await start("lasts"))

    lived(what, tmp_path / "log")
    assert_gone(children[0].pid)


def test_one_that_is_killed_takes_its_programs_along_and_says_so(tmp_path: Path) -> None:
    async def what(start: Start, nursery: Nursery) -> None:
        child = await start("lasts")
        os.kill(parent_of(child.pid), signal.SIGKILL)
        assert await child.ended == -signal.SIGKILL
        assert_gone(child.pid)
        with pytest.raises(ConfigurationError, match="start the demo again"):
            await start("lasts")

    lived(what, tmp_path / "log")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
