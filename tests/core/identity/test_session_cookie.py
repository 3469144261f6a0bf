from dataclasses import replace

from parvis.identity.sessions import cookie, cookie_name


def test_over_https_the_cookie_belongs_to_this_host_alone(instance):
    found = cookie(replace(instance, public_url="https://rendez-vous.example"), "t")
    assert found.key == "__Host-parvis"
    # What the prefix demands: Secure, the whole site, and no Domain.
    assert (found.secure, found.path, found.domain) == (True, "/", None)
    assert (found.httponly, found.samesite, found.max_age) == (True, "lax", None)


def test_on_the_loopback_two_ports_do_not_overwrite_each_other(instance):
    one, other = (cookie(replace(instance, port=port), "t") for port in (8000, 8001))
    assert (one.key, other.key) == ("parvis_8000", "parvis_8001")
    assert not one.secure


def test_a_forgotten_cookie_goes_at_once(instance):
    assert (cookie(instance, None).value, cookie(instance, None).max_age) == ("", 0)
    assert cookie(instance, None).key == cookie_name(instance)
