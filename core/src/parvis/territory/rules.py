"""Pure decisions about the territory."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

_EARTH_METRES = 6_371_000


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> int:
    """Metres as the crow flies between two WGS84 points (haversine).

    >>> distance_m(47.7489, 7.3253, 47.7737, 7.3597)  # Mulhouse to Illzach
    3770
    """
    phi, other_phi = radians(latitude), radians(other_latitude)
    half = sin((other_phi - phi) / 2) ** 2
    half += cos(phi) * cos(other_phi) * sin(radians(other_longitude - longitude) / 2) ** 2
    return round(2 * _EARTH_METRES * asin(sqrt(half)))


def in_space(latitude: float, longitude: float) -> tuple[float, float, float]:
    """A WGS84 point on the globe, in metres from its middle.

    >>> [round(metres) for metres in in_space(90, 0)]
    [0, 0, 6371000]
    """
    phi, lam = radians(latitude), radians(longitude)
    return _EARTH_METRES * cos(phi) * cos(lam), _EARTH_METRES * cos(phi) * sin(lam), _EARTH_METRES * sin(phi)
