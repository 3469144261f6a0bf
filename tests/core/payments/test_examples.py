"""The examples in docstrings of pure modules hold."""

import doctest

import pytest

from parvis.payments import (
    comparing,
    explaining,
    grids,
    money,
    postings,
    rules,
    sheets,
    typed_bands,
    typed_grids,
    typed_reading,
)

MODULES = [
    comparing,
    explaining,
    grids,
    money,
    postings,
    rules,
    sheets,
    typed_bands,
    typed_grids,
    typed_reading,
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_examples_hold(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
