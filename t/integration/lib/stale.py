"""Answers that are too old, and what the origin allows to be done with them."""


def control(*words):
    return {"Cache-Control": ", ".join(words)}


# Stale for a second on arrival, and for how long it may be.
def aged(*words):
    return {**control("max-age=10", *words), "Age": "11"}


IF_ERROR = aged("stale-if-error=60")
WHILE = aged("stale-while-revalidate=60")
