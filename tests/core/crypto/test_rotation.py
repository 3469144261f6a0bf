from dataclasses import replace
from datetime import timedelta

import pytest

from parvis import clock, crypto


@pytest.fixture
def keys(instance):
    """Load keys by their text, the way a process does when it starts."""
    kept = (instance.data / "keys").read_text().strip()

    def load(*given):
        crypto.use(crypto.load_keys(replace(instance, keys=",".join(given))))

    load.kept = kept
    return load


def test_a_new_key_in_front_writes_and_the_old_one_still_reads(keys):
    sealed = crypto.encrypt(b"Martin", "names")
    link = crypto.sign("dossier", "link", clock.now() + timedelta(days=1))
    fresh = crypto.new_key()
    keys(fresh, keys.kept)
    assert crypto.decrypt(sealed, "names") == b"Martin"
    assert crypto.verify(link, "link", clock.now()) == "dossier"
    assert crypto.encrypt(b"Martin", "names").startswith(fresh.partition(":")[0].encode())


def test_a_key_between_two_copies_of_another_is_read_before_it_writes(keys):
    digest, fresh = crypto.code_digest("A123456789", "number"), crypto.new_key()
    keys(fresh, keys.kept)
    sealed = crypto.encrypt(b"Martin", "names")
    keys(keys.kept, fresh, keys.kept)
    assert crypto.decrypt(sealed, "names") == b"Martin"
    assert crypto.encrypt(b"Martin", "names").startswith(keys.kept.partition(":")[0].encode())
    assert crypto.code_digest("A123456789", "number") == digest


def test_digests_stay_through_every_rotation_and_when_a_key_between_is_dropped(keys):
    before = crypto.code_digest("A123456789", "number")
    second, third = crypto.new_key(), crypto.new_key()
    for rotated in ((second, keys.kept), (third, second, keys.kept), (third, keys.kept)):
        keys(*rotated)
        assert crypto.code_digest("A123456789", "number") == before


def test_digests_of_another_instance_or_purpose_differ(keys):
    before = crypto.code_digest("A123456789", "number")
    assert crypto.code_digest("A123456789", "contact") != before
    keys(crypto.new_key())
    assert crypto.code_digest("A123456789", "number") != before
