"""What goes wrong while a history is made.  Each nemesis does its work, waits,
and puts right what it can."""

import os
import shutil
import signal


class Nemeses:
    def __init__(self, cluster, random, pause):
        self._cluster = cluster
        self._random = random
        self._pause = pause  # of up to so many seconds; raises at the end
        self.all = [self.kill_worker, self.stop_worker, self.reload,
                    self.restart_instance, self.stop_redis, self.kill_redis,
                    self.old_dump, self.flush, self.lose_log, self.trim,
                    self.evict, self.cut_off, self.hold_up, self.slow_link]
        if cluster.network:
            self.all.append(self.drop_link)

    def step(self):
        """One of them; yields what it does."""
        return self._random.choice(self.all)

    def _any(self):
        return self._random.choice(self._cluster.instances)

    def kill_worker(self):
        nginx = self._any()
        workers = nginx.workers()
        if workers:
            nginx.kill_worker(pid=self._random.choice(workers))

    def stop_worker(self):
        stopped = self._any().workers()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            self._pause(3)
        finally:
            for pid in stopped:
                try:
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    pass

    def reload(self):
        self._any().reload()

    def restart_instance(self):
        nginx = self._any()
        nginx.quit()
        self._pause(0.5)
        nginx.start()

    def stop_redis(self):
        self._cluster.redis.pause()
        try:
            self._pause(3)
        finally:
            self._cluster.redis.resume()

    def kill_redis(self):
        self._cluster.redis.kill()
        self._pause(1)
        self._cluster.redis.start()

    def old_dump(self):
        """Comes back with what it had a while ago."""
        redis = self._cluster.redis
        redis.command("SAVE")
        dump = os.path.join(redis.command("CONFIG", "GET", "dir")[1].decode(),
                            "dump.rdb")
        kept = dump + ".kept"
        shutil.copy(dump, kept)
        self._pause(2)
        redis.kill()
        shutil.copy(kept, dump)
        redis.start()

    def flush(self):
        self._cluster.redis.command("FLUSHALL")

    def lose_log(self):
        keys = ["ec:z:{log}", "ec:z:{log}:members"]
        self._cluster.redis.command("DEL", *self._random.sample(
            keys, self._random.randint(1, 2)))

    def trim(self):
        self._cluster.redis.command("XTRIM", "ec:z:{log}", "MAXLEN",
                                    self._random.randint(0, 3))

    def evict(self):
        command = self._cluster.redis.command
        command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        command("CONFIG", "SET", "maxmemory", "1mb")
        self._pause(2)
        command("CONFIG", "SET", "maxmemory", "0")

    def hold_up(self):
        """What Redis answers to one instance comes later, and all at once."""
        proxy = self._random.choice(self._cluster.proxies)
        proxy.freeze()
        try:
            self._pause(3)
        finally:
            proxy.thaw()

    def slow_link(self):
        proxy = self._random.choice(self._cluster.proxies)
        proxy.delay = self._random.choice([0.005, 0.03, 0.2])
        try:
            self._pause(3)
        finally:
            proxy.delay = 0

    def drop_link(self):
        """Nobody is told that the first instance is cut off from Redis."""
        self._cluster.network.cut(0)
        try:
            self._pause(4)
        finally:
            self._cluster.network.mend(0)

    def cut_off(self):
        proxy = self._random.choice(self._cluster.proxies)
        proxy.stop()
        try:
            self._pause(3)
        finally:
            proxy.start()
