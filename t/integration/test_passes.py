"""What the cache has no part in passes it untouched."""

import threading

import pytest

from lib.cached import verdict
from lib.client import Connection, request
from lib.origin import Raw, Reply
from lib.ports import HOST, free_port

FRESH = {"Cache-Control": "max-age=60"}


def raw(head, body=b""):
    return Raw("\r\n".join([*head, "", ""]).encode() + body)


def read_until(client, wanted):
    """What arrives, head and all."""
    seen = b""
    while wanted not in seen:
        piece = client.socket.recv(4096)
        assert piece, seen
        seen += piece
    return seen


# nginx before 1.29 takes it for the answer.
def test_an_interim_answer_is_not_stored(cached, origin):
    origin.on("/", [
        raw(["HTTP/1.1 103 Early Hints", "Link: </a.css>",
             "Cache-Control: max-age=60"]),
        Reply(headers=FRESH, body=b"final")])
    nginx = cached(graceful=False)
    hasty = Connection(nginx.port)
    hasty.send_request("GET", "/")
    origin.wait_for("/")
    hasty.close()
    assert nginx.get("/").body == b"final"


def test_a_websocket_is_opened(cached, origin):
    origin.on("/", raw(["HTTP/1.1 101 Switching Protocols",
                        "Upgrade: websocket", "Connection: upgrade"],
                       b"hello"))
    nginx = cached("""proxy_set_header Upgrade $http_upgrade;
                      proxy_set_header Connection upgrade;""")
    client = Connection(nginx.port)
    client.send_request("GET", "/", {"Upgrade": "websocket",
                                     "Connection": "upgrade"})
    seen = read_until(client, b"hello")
    assert seen.startswith(b"HTTP/1.1 101 ")
    assert b"Upgrade: websocket" in seen
    client.close()


def test_events_reach_the_client_as_they_come(cached, origin):
    held = threading.Event()
    origin.on("/", Reply(headers={
        "Content-Type": "text/event-stream", "X-Accel-Buffering": "no",
        **FRESH}, body=b"data: 1\n\ndata: 2\n\n", framing="chunked",
        body_wait=held))
    nginx = cached()
    client = Connection(nginx.port)
    client.send_request("GET", "/")
    seen = read_until(client, b"data: 1")
    assert seen.startswith(b"HTTP/1.1 200 ")
    assert b"X-Reason: stream" in seen
    assert b"data: 2" not in seen
    held.set()
    client.close()


def test_trailers_are_no_fields_of_what_is_stored(cached, origin):
    origin.on("/", raw(["HTTP/1.1 200 OK", "Cache-Control: max-age=60",
                        "Transfer-Encoding: chunked", "Trailer: X-Sum"],
                       b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"))
    nginx = cached()
    for _ in range(2):
        response = nginx.get("/")
        assert response.body == b"abc"
        assert response["X-Sum"] is None
    assert response["Trailer"] is None


@pytest.mark.parametrize("method, body", [("POST", b"abc"), ("PUT", b"")])
def test_a_client_is_told_to_continue(cached, origin, method, body):
    nginx = cached()
    client = Connection(nginx.port)
    client.send_request(method, "/", {"Expect": "100-continue",
                                      "Content-Length": str(len(body))})
    status, _, _ = client.read_head()
    if status == 100:
        client.send(body)
        response = client.read_response(method)
        assert response.status == 200
        assert response.json()["method"] == method
    else:  # nothing to wait for
        assert (status, body) == (200, b"")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_connection_names_is_for_one_hop(cached, origin, method):
    origin.on("/", Reply(headers={
        **FRESH, "Connection": "X-Hop, keep-alive", "X-Hop": "1",
        "X-End": "2"}, body=b"x"))
    nginx = cached()
    for _ in range(2):
        response = nginx.get("/", method=method)
        assert response["X-Hop"] is None
        assert response["X-End"] == "2"


def test_grpc_calls_pass(cached, origin):
    port = free_port()
    nginx = cached(
        servers=[f"""
        server {{
            listen {HOST}:{port} http2;
            location / {{
                proxy_pass http://{origin.address};
                proxy_http_version 1.1;
            }}
        }}"""],
        server=f"""
        location /grpc {{
            edge_cache z;
            grpc_pass grpc://{HOST}:{port};
        }}""")
    for _ in range(2):
        response = request(nginx.port, "POST", "/grpc",
                           {"Content-Type": "application/grpc"}, b"\0\0\0\0\0")
        assert verdict(response) == ("BYPASS", "method")
        assert response.json()["method"] == "POST"
    assert origin.count("/grpc") == 2
