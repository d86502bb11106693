"""A real redis-server in a directory of its own."""

import os
import signal
import subprocess

from lib.ports import HOST, free_port
from lib.process import Process
from lib.resp import RespClient
from lib.wait import wait_until

# redis-server or valkey-server.
SERVER = os.environ.get("REDIS_SERVER", "redis-server")

_BASE = {"bind": HOST, "daemonize": "no", "save": '""', "appendonly": "no",
         "repl-diskless-sync-delay": "0"}


class RedisServer:
    """`settings` are lines of redis.conf, underscores for dashes: a value
    may be a list for several lines.  `unix=True`: a socket instead of a port.
    """

    def __init__(self, directory, unix=False, arguments=(), **settings):
        self.directory = str(directory)
        self.password = settings.get("requirepass")
        self._arguments = list(arguments)
        self._process = None
        self._settings = {**_BASE, "dir": self.directory,
                          **{k.replace("_", "-"): v
                             for k, v in settings.items()}}
        os.makedirs(self.directory, exist_ok=True)
        if unix:
            self.port = 0
            self.target = os.path.join(self.directory, "redis.sock")
            self.address = "unix:" + self.target
            self._settings["unixsocket"] = self.target
        else:
            self.port = self.target = free_port()
            self.address = f"{HOST}:{self.port}"
        self.announced = self.port
        self._settings["port"] = self.port
        self._write_conf()

    def announce(self, setting, port):
        """Before its start: where others find it, and the line of redis.conf
        that tells them."""
        self.announced = self._settings[setting] = port
        self._write_conf()

    def start(self):
        log = open(os.path.join(self.directory, "redis.log"), "ab")
        self._process = Process(
            [SERVER, os.path.join(self.directory, "redis.conf"),
             *self._arguments], stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._answers, what="redis-server's first answer")
        return self

    def stop(self):
        self.resume()
        return self._process.end(signal.SIGTERM)

    def running(self):
        return self._process.running()

    def kill(self):
        self._process.end(signal.SIGKILL)

    def restart(self):
        """Without what it had in memory, on the same address."""
        self.kill()
        self.start()

    def pause(self):
        """It accepts connections still, as the kernel does that."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def client(self, timeout=10):
        client = RespClient(self.target, timeout)
        if self.password:
            client.command("AUTH", self.password)
        return client

    def command(self, *args):
        with self.client() as client:
            return client.command(*args)

    def log(self):
        with open(os.path.join(self.directory, "redis.log"),
                  errors="replace") as file:
            return file.read()

    def _write_conf(self):
        with open(os.path.join(self.directory, "redis.conf"), "w") as file:
            for name, value in self._settings.items():
                values = value if isinstance(value, list) else [value]
                file.writelines(f"{name} {one}\n" for one in values)

    def _answers(self):
        if not self._process.running():
            raise RuntimeError("redis-server: " + self.log())
        try:
            # Most errors will do: NOAUTH and NOPERM are answers too.
            with RespClient(self.target, timeout=2) as client:
                client.send("PING")
                return not str(client.read()).startswith("LOADING")
        except OSError:
            return False
