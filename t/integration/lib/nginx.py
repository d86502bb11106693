"""A real nginx in a directory of its own."""

import glob
import os
import re
import signal
import subprocess

from lib.client import Connection, request
from lib.ports import HOST, free_port
from lib.process import Process
from lib.wait import wait_until

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))))
NGINX_BIN = os.environ.get("NGINX_BIN", "nginx")
MODULE_SO = os.environ.get("MODULE_SO", os.path.join(
    REPOSITORY, "build", "ngx_http_edge_cache_module.so"))

# What no test may leave in an error log unless it says that it expects it.
_BAD_LINE = re.compile(r"\[alert\]|\[emerg\]|AddressSanitizer|LeakSanitizer"
                       r"|runtime error:|exited on signal")
_START_TIMEOUT = 20


class NginxFailed(Exception):
    """nginx did not start, reload or exit; the text has its error log."""


class LogError(AssertionError):
    """The error log or a sanitizer has something a test must not ignore."""


class Nginx:
    """Started by start(), ended by close().

    `conf` is the text of nginx.conf after the lines that belong to the
    harness (see _preamble); it listens on `port`.  `expect` lists patterns of
    error log lines that are part of the test.  `graceful=False` is for tests
    that leave requests open: close() then uses SIGTERM."""

    def __init__(self, prefix, conf, port=None, workers=1, module=True,
                 log_level="info", expect=(), graceful=True):
        self.prefix = str(prefix)
        self.port = port or free_port()
        self.conf = conf
        self.workers_wanted = workers
        self.module = module
        self.log_level = log_level
        self.graceful = graceful
        self.shutdown_timeout = "30s"  # of workers that start after a change
        self._expected = [re.compile(pattern) for pattern in expect]
        self._process = None
        os.makedirs(self.prefix, exist_ok=True)
        for name in "error.log", "stderr":
            open(self._path(name), "a").close()

    # Life

    def start(self):
        self._write_conf("nginx.conf", self.conf)
        self._process = Process(self._argv("nginx.conf"), env=self._env(),
                                stdout=subprocess.DEVNULL,
                                stderr=open(self._path("stderr"), "ab"))
        self._wait(self._ready, "start")
        return self

    def reload(self, conf=None):
        """Returns when new workers serve and no old one takes connections."""
        old = set(self.workers())
        self.send_reload(conf)
        self._wait(lambda: self._ready() and old.isdisjoint(self.workers()),
                   "reload")

    def send_reload(self, conf=None):
        """Only asks for it: nginx may refuse the configuration."""
        if conf is not None:
            self.conf = conf
            self._write_conf("nginx.conf", conf)
        self._process.send_signal(signal.SIGHUP)

    def quit(self, timeout=10, number=signal.SIGQUIT):
        """Graceful exit (SIGTERM: a quick one); returns nginx's exit code."""
        self._process.send_signal(number)
        code = self._process.wait(timeout)
        if code is None:
            raise NginxFailed(f"no graceful exit in {timeout} s\n"
                              + self.error_log())
        return code

    def close(self):
        """Ends nginx whatever its state, then checks what it logged."""
        try:
            if self.running() and self.graceful:
                self.quit()
        finally:
            self._end()
        self.check_log()

    def crash(self):
        """Master and workers die at once, and say goodbye to nobody."""
        self.send_to_all(signal.SIGKILL)
        self._process.wait(10)

    def send_to_all(self, number):
        for pid in [self.pid] + self.all_workers():
            os.kill(pid, number)

    def running(self):
        return self._process is not None and self._process.running()

    # Processes

    @property
    def pid(self):
        return self._process.pid

    def workers(self):
        """Pids of the workers that take connections."""
        return [pid for pid, title in self._children()
                if title == "nginx: worker process"]

    def all_workers(self):
        """The same, with those that shut down and still serve requests."""
        return [pid for pid, title in self._children()
                if title.startswith("nginx: worker process")]

    def kill_worker(self, number=signal.SIGKILL, pid=None):
        """Returns the pid; the master's line about it is expected then."""
        pid = pid or self.workers()[0]
        if number in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV):
            self.expect_log(rf"worker process {pid} exited on signal")
        os.kill(pid, number)
        return pid

    def own_memory(self):
        """Bytes of all workers that are not shared."""
        total = 0
        for pid in self.workers():
            with open(f"/proc/{pid}/status") as file:
                total += int(re.search(r"RssAnon:\s+(\d+)", file.read())[1])
        return total * 1024

    def worker_that_asks(self, address):
        """The one that has a connection to that address."""
        port = "%04X" % int(address.rsplit(":", 1)[1])
        for pid in self.workers():
            inodes = {os.readlink(f"/proc/{pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{pid}/fd")}
            with open(f"/proc/{pid}/net/tcp") as table:
                for line in table.readlines()[1:]:
                    word = line.split()
                    if (word[2].endswith(":" + port) and word[3] == "01"
                            and f"socket:[{word[9]}]" in inodes):
                        return pid
        raise AssertionError("nobody asks " + address)

    # Requests

    @property
    def address(self):
        return f"{HOST}:{self.port}"

    def get(self, target, headers=(), method="GET", body=None, **options):
        return request(self.port, method, target, headers, body, **options)

    def connect(self, **options):
        return Connection(self.port, **options)

    # Logs

    def error_log(self):
        return self._read("error.log")

    def access_log(self):
        return self._read("access.log").splitlines()

    def wait_for_log(self, pattern, timeout=10):
        """The first line that matches."""
        found = wait_until(lambda: re.search(f".*(?:{pattern}).*",
                                             self.error_log()),
                           timeout, f"a log line like {pattern}")
        return found.group(0)

    def expect_log(self, pattern):
        self._expected.append(re.compile(pattern))

    def check_log(self):
        said = self._read("stderr") + self.error_log()
        bad = [line for line in said.splitlines()
               if _BAD_LINE.search(line) and not self._is_expected(line)]
        bad += [report for report in self._sanitizer_reports()
                if not self._is_expected(report)]
        if bad:
            raise LogError(f"in {self.prefix}:\n" + "\n".join(bad))

    # Configuration

    def check_config(self, conf):
        """`nginx -t`; returns its exit code and what it said."""
        self._write_conf("check.conf", conf)
        run = subprocess.run(self._argv("check.conf") + ["-t", "-q"],
                             env=self._env(detect_leaks=0), timeout=30,
                             capture_output=True, text=True, errors="replace")
        return run.returncode, run.stderr

    def _path(self, name):
        return os.path.join(self.prefix, name)

    def _read(self, name):
        with open(self._path(name), errors="replace") as file:
            return file.read()

    def _argv(self, conf):
        return [NGINX_BIN, "-p", self.prefix + "/", "-c", self._path(conf)]

    def _env(self, detect_leaks=1):
        common = "log_path=%s:abort_on_error=0" % self._path("sanitizer")
        return dict(
            os.environ,
            ASAN_OPTIONS=f"{common}:detect_odr_violation=0"
            f":detect_leaks={detect_leaks}",
            UBSAN_OPTIONS=common + ":print_stacktrace=1")

    def _preamble(self):
        lines = ["daemon off;", f"pid {self._path('nginx.pid')};",
                 f"worker_processes {self.workers_wanted};",
                 f"worker_shutdown_timeout {self.shutdown_timeout};"]
        if os.geteuid() == 0:
            lines.append("user root;")
        if self.module:
            lines.append(f"load_module {MODULE_SO};")
        return "\n".join(lines) + "\n"

    def _write_conf(self, name, conf):
        # `nginx -t` speaks to the test, not into the checked log.
        log = (self._path("error.log") if name == "nginx.conf"
               else self._path("check.log"))
        with open(self._path(name), "w", errors="surrogateescape") as file:
            file.write(f"error_log {log} {self.log_level};\n"
                       + self._preamble() + conf)

    def _children(self):
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
                pids = [int(pid) for pid in file.read().split()]
        except OSError:
            return []
        return [(pid, _title(pid)) for pid in pids]

    def _ready(self):
        # A worker takes its title when it has initialized.
        return len(self.workers()) == self.workers_wanted

    def _wait(self, condition, what):
        try:
            wait_until(lambda: condition() or not self.running(),
                       _START_TIMEOUT, what)
        except TimeoutError as e:
            raise NginxFailed(f"{e}\n{self.error_log()}") from None
        if not self.running():
            # With a wrong configuration nginx leaves its pools to the kernel.
            self.expect_log("LeakSanitizer")
            raise NginxFailed(f"{what} failed\n{self._read('stderr')}"
                              + self.error_log())

    def _end(self):
        if self._process is None:
            return
        workers = self.all_workers()
        self._process.end()
        for pid in workers:  # orphans of a master that had to be killed
            if _title(pid).startswith("nginx: worker process"):
                os.kill(pid, signal.SIGKILL)

    def _is_expected(self, text):
        return any(pattern.search(text) for pattern in self._expected)

    def _sanitizer_reports(self):
        for name in sorted(glob.glob(self._path("sanitizer.*"))):
            yield self._read(os.path.basename(name))


def _title(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
