import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from parvis.settings import Settings
from parvis.web import folders, pages


def _load() -> Callable[..., Litestar]:
    spec = importlib.util.spec_from_file_location("parvis_gallery", Path(__file__).parent / "gallery" / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault(spec.name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    made: Callable[..., Litestar] = module.gallery
    return made


@pytest.fixture
def gallery(instance: Settings) -> Iterator[Callable[..., Litestar]]:
    """Makes the application that shows every part; `instance` sets the process up and takes it down."""
    yield _load()
    folders.use([])
    pages.provide_frame(None)


@pytest.fixture
def visit(gallery: Callable[..., Litestar]) -> Callable[..., httpx.AsyncClient]:
    """A client of the gallery, as a browser unless told otherwise."""

    def client(accept: str = "text/html", **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(gallery(), raise_app_exceptions=False)  # type: ignore[arg-type]
        given = {"accept": accept, **headers}
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=given)

    return client
