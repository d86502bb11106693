"""The configurations of conf.examples, as they stand but for ports and paths."""

import os
import re

from lib.nginx import REPOSITORY
from lib.ports import HOST

_EXAMPLES = os.path.join(REPOSITORY, "conf.examples")

# Lines the harness writes itself.
_OWN_LINES = re.compile(
    r"^(load_module|user|worker_processes|error_log|pid) .*;$", re.M)
_TEMPORARY = "".join(f"{name}_temp_path {name};\n" for name in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def example_conf(name, port, listen, replaced):
    """Its text, with each of these texts replaced; every one has to be there.
    `listen` is the line with the port to ask."""
    with open(os.path.join(_EXAMPLES, name)) as file:
        conf = _OWN_LINES.sub("", file.read())
    for old, new in {
            "http {": "http {\n" + _TEMPORARY,
            listen: listen.replace(listen.split()[1], f"{HOST}:{port}"),
            **replaced}.items():
        assert old in conf, f"{name} has no {old}"
        conf = conf.replace(old, new)
    return conf


def ask(nginx, headers, target="/p"):
    """(X-Cache, body)"""
    response = nginx.get(target, headers)
    assert response.status == 200, response
    return response["X-Cache"], response.text
