# SPDX-License-Identifier: Apache-2.0
"""Looks at something again and again while a test does something else."""

import threading
import time


class Sampler:
    """`look` gives a number, or None for a moment that does not count."""

    def __init__(self, look, pause=0.002):
        self.look, self.pause = look, pause
        self.most, self.count, self.error = 0, 0, None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stop.is_set():
            try:
                value = self.look()
            except OSError:
                value = None
            except Exception as error:  # for the thread that waits
                self.error = error
                return
            if value is not None:
                self.count += 1
                self.most = max(self.most, value)
            time.sleep(self.pause)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        if self.error:
            raise self.error
