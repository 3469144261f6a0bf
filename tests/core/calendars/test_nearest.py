"""The nearest first, as plain sorting has it, wherever on the globe and however many are equally near."""

from itertools import islice
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parvis.calendars import nearest as module
from parvis.calendars.nearest import Spot, ball_of, nearest
from parvis.territory.rules import distance_m

# Towns close together, the poles, both sides of the 180th meridian, and points that several share.
latitudes = st.floats(-90, 90) | st.floats(47.7, 47.8) | st.sampled_from([-90.0, 90.0, 0.0, 47.75])
longitudes = st.floats(-180, 180) | st.floats(7.3, 7.4) | st.sampled_from([-180.0, 180.0, -179.999, 179.999, 7.33])
points = st.tuples(latitudes, longitudes)


def spots_at(found: list[tuple[float, float]]) -> list[Spot]:
    return [Spot(f"Town {n % 3}", UUID(int=n), *point) for n, point in enumerate(found)]


def sorted_plainly(spots: list[Spot], near: tuple[float, float]) -> list[tuple[int, Spot]]:
    return sorted((distance_m(*near, spot.latitude, spot.longitude), spot) for spot in spots)


@given(st.lists(points, max_size=80), points)
@example([(0.0, 180.0), (0.0, -179.9), (0.0, 179.9)], (0.0, -180.0))
@example([(60.0, 10.0), (-60.0, -170.0)], (60.0, 10.0))
@example([(47.75, 7.33)] * 50, (47.75, 7.33))
def test_it_is_what_sorting_gives(found, near):
    spots = spots_at(found)
    assert list(nearest(ball_of(spots), near)) == sorted_plainly(spots, near)


def test_few_distances_are_measured_among_many(monkeypatch: pytest.MonkeyPatch):
    spots = spots_at([(43 + n * 7919 % 5003 * 0.0014, -3 + n * 104729 % 5009 * 0.0022) for n in range(5000)])
    root, measured = ball_of(spots), []

    def counted(*points: float) -> int:
        measured.append(points)
        return distance_m(*points)

    monkeypatch.setattr(module, "distance_m", counted)
    assert list(islice(nearest(root, (47.75, 7.33)), 20)) == sorted_plainly(spots, (47.75, 7.33))[:20]
    assert len(measured) < 200
