"""The examples in docstrings of pure modules hold."""

import doctest

import pytest

from parvis.payments import comparing, grids, money, postings, rules


@pytest.mark.parametrize("module", [comparing, grids, money, postings, rules], ids=lambda module: module.__name__)
def test_the_examples_hold(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
