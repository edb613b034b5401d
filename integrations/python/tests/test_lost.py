# SPDX-License-Identifier: MIT
"""Work that the driver gives up: hlsim run --fault wait:1+:ETIMEDOUT -- python3 test_lost.py"""
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

    def test_finish_does_not_call_it_late(self):
        for timeout in -1, 0:
            self.queue.fill(self.buffer)
            with self.assertRaises(hlthunk.Error) as caught:
                self.queue.finish(timeout)
            self.assertEqual(caught.exception.errno, errno.EIO)
            self.queue.close()
            self.queue = self.device.queue()

    def test_its_reads_let_their_memory_go(self):
        target = bytearray(500)
        fence = self.queue.read_later(target, self.buffer)
        self.assertRaises(hlthunk.Error, fence.wait)
        self.assertIs(fence.result.status, hlthunk.Status.LOST)
        self.queue.close()
        target.append(0)


if __name__ == "__main__":
    unittest.main()
