"""Reloads under load: no error above those of a plain proxy_pass beside it."""

import pytest

from lib.cached import metric
from lib.load import LOCATIONS, PlainAndCached
from lib.wait import wait_until

RELOADS = 10


@pytest.mark.limit(120)
def test_ten_reloads_cost_no_more_than_without_a_cache(fleet):
    nginx, = fleet.start(workers=2, size="16m", locations=LOCATIONS)
    with PlainAndCached(nginx) as load:
        for _ in range(RELOADS):
            nginx.reload()
    assert load.failed("/cached") <= load.failed("/plain"), load.outcomes
    assert metric(nginx, "edge_cache_requests_total", status="HIT") > 0
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)
