# SPDX-License-Identifier: MIT
"""Work that the driver gives up: hlsim run --fault wait:1+:ETIMEDOUT -- python3 test_lost.py

The simulated device goes on with it all the same, in memory that is not its own any more, and may
be reset for that: each test opens it anew.
"""
import errno
import unittest

import hlthunk


class Lost(unittest.TestCase):
    def setUp(self):
        self.device = hlthunk.Device(timeout=10)
        self.addCleanup(self.device.close)
        self.queue = self.device.queue()
        self.addCleanup(self.queue.close)
        self.buffer = self.device.alloc(1 << 20)
        self.addCleanup(self.buffer.close)

    def finish(self, timeout):
        self.queue.fill(self.buffer)
        with self.assertRaises(hlthunk.Error) as caught:
            self.queue.finish(timeout)
        self.assertEqual(caught.exception.errno, errno.EIO)

    def test_finish_does_not_call_it_late(self):
        self.finish(-1)

    def test_finish_at_once_does_not_call_it_late(self):
        self.finish(0)

    def test_its_reads_let_their_memory_go(self):
        target = bytearray(500)
        fence = self.queue.read_later(target, self.buffer)
        self.assertRaises(hlthunk.Error, fence.wait)
        self.assertIs(fence.result.status, hlthunk.Status.LOST)
        self.queue.close()
        target.append(0)


if __name__ == "__main__":
    unittest.main()
