"""Answers that expire in no time, and what the origin knows them by."""

import time

SHORT = "edge_cache_valid 300ms;"
ETAG = {"ETag": '"1"'}
MODIFIED = {"Last-Modified": "Tue, 15 Nov 1994 12:45:26 GMT"}


def expire():
    time.sleep(0.35)
