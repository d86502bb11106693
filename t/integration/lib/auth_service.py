"""Who is let in: a service at /auth of the origin, which auth_request asks."""

from lib.origin import Reply

# Of the location that auth_request names.
LOCATION = """internal; edge_cache z; proxy_pass_request_body off;
              proxy_set_header Content-Length "";"""
ANN, BOB = "Bearer ann", "Bearer bob"


class Service:
    """Knows whom it lets in, and answers for a minute; what it guards is not
    cached."""

    def __init__(self, origin):
        self.allowed = {ANN, BOB}
        self.headers = {"Cache-Control": "max-age=60"}
        self._origin = origin
        origin.on("/auth", self.check)
        origin.headers = {"Cache-Control": "no-store"}

    def check(self, request):
        who = request["Authorization"] or request["X-Key"] or ""
        if who not in self.allowed:
            return Reply(401 if not who else 403,
                         {**self.headers, "WWW-Authenticate": "Bearer"},
                         b"no")
        user = who.split()[-1]
        return Reply(200, {**self.headers, "X-User": user,
                           "Surrogate-Key": f"user:{user}"}, b"yes")

    @property
    def requests(self):
        return self._origin.seen("/auth")

    @property
    def asked(self):
        return len(self.requests)


def ask(nginx, who=ANN, target="/", method="GET", body=None, **headers):
    """(status, whom the service knows it by)"""
    fields = {name.replace("_", "-"): value
              for name, value in headers.items()}
    if who:
        fields["Authorization"] = who
    response = nginx.get(target, fields, method=method, body=body)
    return response.status, response["X-User"]
