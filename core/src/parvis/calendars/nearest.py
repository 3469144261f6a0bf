"""The nearest first, without measuring every distance: a tree of balls in space, halved down to a few spots each.

The straight line through the globe is never longer than the way over it, and a spot never nearer than the middle of
its ball less the radius. So most balls need not be opened, at the poles and across the 180th meridian too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import dist
from typing import NamedTuple, TypeAlias
from uuid import UUID

from parvis.territory.rules import distance_m, in_space

Point: TypeAlias = tuple[float, float, float]

_FEW = 6
# Distances are rounded to the metre.
_ROUNDING = 1


class Spot(NamedTuple):
    """Where a calendar is, a WGS84 point; of equally near ones the name and the identifier decide."""

    place_name: str
    calendar: UUID
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Ball:
    """All of `spots`, or of both `halves`, lie within `radius` metres of `middle`."""

    middle: Point
    radius: float
    spots: Sequence[Spot] = ()
    halves: Sequence[Ball] = ()


_NOTHING = Ball((0, 0, 0), 0)


def ball_of(spots: Sequence[Spot]) -> Ball:
    """The ball of all spots, with its halves."""
    return _ball([(in_space(spot.latitude, spot.longitude), spot) for spot in spots]) if spots else _NOTHING


def nearest(root: Ball, near: tuple[float, float]) -> Iterator[tuple[int, Spot]]:
    """Every spot with its metres from a point, nearest first."""
    here, number = in_space(*near), count()
    balls, found = [(0.0, next(number), root)], list[tuple[int, Spot]]()
    while balls or found:
        # What may hold one as near as the nearest found is opened before that one is given.
        while balls and (not found or balls[0][0] <= found[0][0]):
            *_, ball = heappop(balls)
            for half in ball.halves:
                heappush(balls, (dist(here, half.middle) - half.radius, next(number), half))
            for spot in ball.spots:
                heappush(found, (distance_m(*near, spot.latitude, spot.longitude), spot))
        if found:
            yield heappop(found)


def _ball(placed: Sequence[tuple[Point, Spot]]) -> Ball:
    axes = list(zip(*(point for point, _ in placed), strict=True))
    ends = [(min(along), max(along)) for along in axes]
    middle = sum(ends[0]) / 2, sum(ends[1]) / 2, sum(ends[2]) / 2
    radius = max(dist(middle, point) for point, _ in placed) + _ROUNDING
    if len(placed) <= _FEW:
        return Ball(middle, radius, spots=[spot for _, spot in placed])
    widest = max(range(3), key=lambda axis: ends[axis][1] - ends[axis][0])
    ordered = sorted(placed, key=lambda pair: pair[0][widest])
    half = len(ordered) // 2
    return Ball(middle, radius, halves=(_ball(ordered[:half]), _ball(ordered[half:])))
