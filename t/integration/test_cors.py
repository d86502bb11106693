"""Access-Control-Allow-Origin: an answer made for one origin is no other's."""

from lib.origin import Reply

FRESH = {"Cache-Control": "max-age=60"}
A, B = {"Origin": "https://a.example"}, {"Origin": "https://b.example"}


def test_an_origin_that_is_repeated_keeps_answers_apart(cached, origin):
    origin.on("/", lambda request: Reply(headers={
        **FRESH, "Access-Control-Allow-Origin": request["Origin"] or "null"}))
    nginx = cached()
    for headers in A, B:
        assert nginx.get("/", headers)["X-Cache"] == "MISS"
    for headers in A, B:
        hit = nginx.get("/", headers)
        assert hit["X-Cache"] == "HIT"
        assert hit["Access-Control-Allow-Origin"] == headers["Origin"]


def test_an_answer_for_every_origin_is_shared(cached, origin):
    origin.on("/", Reply(headers={**FRESH,
                                  "Access-Control-Allow-Origin": "*"}))
    nginx = cached()
    nginx.get("/", A)
    assert nginx.get("/", B)["X-Cache"] == "HIT"


def test_no_transform_is_not_compressed(cached, origin):
    gzip = {"Accept-Encoding": "gzip"}
    for target, control in (("/", "max-age=60"),
                            ("/as-is", "max-age=60, no-transform")):
        origin.on(target, Reply(headers={
            "Cache-Control": control, "Content-Type": "text/plain"},
            body=b"x" * 1000))
    nginx = cached("gzip on; gzip_types *; gzip_proxied any;")
    for status in "MISS", "HIT":
        assert nginx.get("/", gzip)["Content-Encoding"] == "gzip"
        response = nginx.get("/as-is", gzip)
        assert response["X-Cache"] == status
        assert response["Content-Encoding"] is None
        assert response.body == b"x" * 1000
