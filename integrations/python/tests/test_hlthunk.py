# SPDX-License-Identifier: MIT
"""The package on a simulated device: hlsim run -- python3 test_hlthunk.py"""
import ctypes
import errno
import mmap
import os
import select
import socket
import unittest

import hlthunk

MIB = 1 << 20


class OpenDevice(unittest.TestCase):
    def setUp(self):
        self.device = hlthunk.Device(timeout=10)
        self.addCleanup(self.device.close)


class Devices(OpenDevice):
    def test_the_list_names_the_open_one(self):
        addresses = [entry.pci_address for entry in hlthunk.list_devices()]
        self.assertIn(self.device.properties.pci_address, addresses)

    def test_properties(self):
        properties = self.device.properties
        self.assertIsNot(properties.asic, hlthunk.Asic.UNKNOWN)
        self.assertGreater(properties.memory_size, MIB)
        self.assertGreater(self.device.memory_usage.free_bytes, 0)

    def test_numbers_are_refused_rather_than_cut(self):
        with self.assertRaisesRegex(OverflowError, "index 4294967296"):
            hlthunk.Device(index=1 << 32)
        with self.device.alloc(MIB) as buffer, buffer.export() as dmabuf:
            fd = dmabuf.dup()
            self.assertRaises((OverflowError, ctypes.ArgumentError), hlthunk.Dmabuf, (1 << 32) + fd)
            os.close(fd)  # which is still ours
            self.assertRaises(OverflowError, hlthunk.to_dlpack, buffer, 1 << 32)
        for call in (lambda: self.device.alloc((1 << 64) + MIB), lambda: self.device.alloc(-1),
                     lambda: self.device.queue(depth=1 << 32), lambda: self.device.find(-1)):
            self.assertRaises((OverflowError, ctypes.ArgumentError), call)

    def test_a_timeout_may_be_infinite(self):
        with self.device.queue() as queue:
            self.assertTrue(queue.finish(float("inf")))

    def test_an_error_has_errno_and_the_sentence(self):
        with self.assertRaises(hlthunk.Error) as caught:
            hlthunk.Device(index=4711)
        self.assertEqual(caught.exception.errno, errno.ENODEV)
        self.assertIn("4711", caught.exception.strerror)

    def test_one_way_to_choose(self):
        with self.assertRaises(ValueError):
            hlthunk.Device("0000:00:00.0", index=0)

    def test_the_same_device_of_a_descriptor(self):
        with hlthunk.Device.from_fd(self.device.fileno()) as other:
            self.assertEqual(other.fileno(), self.device.fileno())

    def test_closed_objects_say_so(self):
        buffer = self.device.alloc(MIB)
        buffer.close()
        buffer.close()
        with self.assertRaisesRegex(ValueError, "Buffer is closed"):
            buffer.size


class Copies(OpenDevice):
    def setUp(self):
        super().setUp()
        self.queue = self.device.queue(label="test")
        self.addCleanup(self.queue.close)
        self.a, self.b = self.device.alloc(MIB), self.device.alloc(MIB)
        self.addCleanup(self.a.close)
        self.addCleanup(self.b.close)

    def test_there_and_back(self):
        self.queue.write(self.a, b"there and back", offset=3)
        self.queue.copy(self.b, self.a, 14, destination_offset=4096, source_offset=3)
        self.assertEqual(self.queue.read(self.b, 14, offset=4096), b"there and back")

    def test_fill_and_copy_2d(self):
        self.queue.fill(self.a, b"\0", 64)
        self.queue.fill(self.b, b"abcd", 16)
        self.queue.copy_2d(self.a, self.b, width=4, rows=3, destination_pitch=16, source_pitch=4)
        self.assertEqual(self.queue.read(self.a, 64), (b"abcd" + bytes(12)) * 3 + bytes(16))

    def test_any_object_with_a_buffer(self):
        text = b"12345678"
        for data in bytearray(text), memoryview(text), (ctypes.c_char * 8)(*text):
            self.queue.write(self.a, data)
            target = bytearray(8)
            self.queue.read_into(target, self.a)
            self.assertEqual(target, b"12345678")

    def test_read_only_memory_is_not_written(self):
        with self.assertRaises(BufferError):
            self.queue.read_into(b"12345678", self.a)

    def test_a_range_that_does_not_fit(self):
        with self.assertRaises(hlthunk.Error) as caught:
            self.queue.write(self.a, bytes(16), offset=MIB - 8)
        self.assertEqual(caught.exception.errno, errno.EINVAL)

    def test_fences(self):
        other = self.device.queue()
        self.addCleanup(other.close)
        self.queue.write(self.a, b"x" * 4096)
        fence = self.queue.fence(timestamp=True)
        self.assertIn(other.wait(fence), list(hlthunk.WaitPlace))
        other.copy(self.b, self.a, 4096)
        self.assertTrue(other.finish())
        self.assertTrue(fence.wait())
        self.assertIs(fence.result.status, hlthunk.Status.DONE)
        self.assertGreater(fence.result.timestamp_ns, 0)
        self.assertEqual(other.read(self.b, 4096), b"x" * 4096)

    def test_an_event_loop_sees_the_fence(self):
        self.queue.write(self.a, b"x" * 4096)
        fence = self.queue.fence()
        fd = fence.eventfd()
        self.addCleanup(os.close, fd)
        self.assertEqual(select.select([fd], [], [], 60)[0], [fd])

    def test_reads_for_later_hold_their_memory(self):
        self.queue.write(self.a, b"later" * 100)
        target = bytearray(500)
        fence = self.queue.read_later(target, self.a)
        with self.assertRaises(BufferError):
            target.append(0)  # would move it
        self.assertTrue(fence.wait())
        self.assertEqual(target, b"later" * 100)
        fence.close()
        self.queue.close()
        target.append(0)

    def test_reads_of_two_threads_hold_theirs(self):
        """Another thread's comes while one looks which of the earlier ones are over."""
        targets = [bytearray(500) for _ in range(3)]
        self.queue.read_later(targets[0], self.a)
        first, = self.queue._pending()

        def is_over():
            del first.is_over
            self.queue.read_later(targets[1], self.a)
            return False

        first.is_over = is_over
        self.queue.read_later(targets[2], self.a)
        for target in targets[1:]:
            self.assertRaises(BufferError, target.append, 0)
        self.queue.finish()
        for target in targets:
            target.append(0)

    def test_a_read_with_wrong_arguments_lets_its_memory_go(self):
        closed = self.device.alloc(4096)
        closed.close()
        for source, offset in ((closed, 0), (self.a, -1), (self.a, 1 << 64), (self.a, "one")):
            target = bytearray(64)
            self.assertRaises((ValueError, OverflowError, TypeError, ctypes.ArgumentError),
                              self.queue.read_later, target, source, offset=offset)
            target.append(0)  # which a BufferError refuses while anybody holds it

    def test_a_read_that_is_refused_lets_its_memory_go(self):
        target = bytearray(500)
        with self.assertRaises(hlthunk.Error):
            self.queue.read_later(target, self.a, offset=MIB)
        self.queue.finish()
        target.append(0)


class HostMemory(OpenDevice):
    def setUp(self):
        super().setUp()
        self.queue = self.device.queue()
        self.addCleanup(self.queue.close)
        self.buffer = self.device.alloc(MIB)
        self.addCleanup(self.buffer.close)

    def test_allocated(self):
        host = self.device.alloc_host(8192)
        self.addCleanup(host.close)
        host.memory[:5] = b"hello"
        self.queue.copy(self.buffer, host)
        self.queue.finish()
        host.memory[:5] = b"....."
        self.queue.copy(host, self.buffer, 8192)
        self.queue.finish()
        self.assertEqual(bytes(host.memory[:5]), b"hello")

    def test_mapped(self):
        data = bytearray(b"mapped" * 1000)
        with self.device.map_host(data) as host:
            self.queue.copy(self.buffer, host)
            self.assertEqual(self.queue.read(self.buffer, 6000), bytes(data))
            with self.assertRaises(BufferError):
                data.append(0)
        data.append(0)

    def test_memory_stays_until_the_work_with_it_is_done(self):
        size = 1 << 16
        self.queue.fill(self.buffer, b"x", size)
        self.queue.finish()
        data = bytearray(size)
        with self.device.map_host(data) as host:
            self.queue.copy(host, self.buffer, size)
            with self.assertRaises(hlthunk.Error):
                self.queue.copy(host, self.buffer, size, source_offset=MIB)
        with self.assertRaises(BufferError):
            data.append(0)
        # nobody but the queue knows of this one
        self.queue.copy(self.device.map_host(bytearray(size)), self.buffer, size)
        others = [bytearray(size) for _ in range(20)]
        self.queue.finish()
        self.assertFalse(any(map(any, others)))
        self.assertEqual(data, b"x" * size)
        data.append(0)
        self.assertEqual(len(hlthunk.buffer._kept), 0)

    def test_memory_that_cannot_be_mapped_is_let_go(self):
        data = bytearray()
        with self.assertRaises(hlthunk.Error):
            try:
                self.device.map_host(data)
            except hlthunk.Error:
                data.append(0)
                raise

    def test_dlpack_of_bits(self):
        """Eight elements of four bits are four bytes."""
        host = self.device.alloc_host(mmap.PAGESIZE)
        self.addCleanup(host.close)
        capsule = hlthunk.to_dlpack(host)
        managed, shape, _ = list(hlthunk.dlpack._lent.values())[-1]
        managed.tensor.bits, shape[0] = 4, 8

        class Array:
            def __dlpack_device__(self):
                return 1, 0

            def __dlpack__(self):
                return capsule

        again, offset, size = hlthunk.from_dlpack(self.device, Array())
        again.close()
        del managed, shape, _, capsule
        self.assertEqual(size, 4)

    def test_dlpack_out_and_in(self):
        host = self.device.alloc_host(mmap.PAGESIZE)
        self.addCleanup(host.close)
        host.memory[:4] = b"abcd"

        class Array:
            def __dlpack_device__(self):
                return 1, 0

            def __dlpack__(self):
                return hlthunk.to_dlpack(host)

        again, offset, size = hlthunk.from_dlpack(self.device, Array())
        self.addCleanup(again.close)
        self.assertEqual((offset, size), (0, mmap.PAGESIZE))
        self.assertEqual(bytes(again.memory[:4]), b"abcd")
        host.close()
        self.queue.copy(self.buffer, again)
        self.assertEqual(self.queue.read(self.buffer, 4), b"abcd")

    def test_dlpack_of_device_memory(self):
        class Array:
            def __dlpack_device__(_):
                return 12, 0

            def __dlpack__(_):
                return hlthunk.to_dlpack(self.buffer)

        found, offset, size = hlthunk.from_dlpack(self.device, Array())
        self.addCleanup(found.close)
        self.assertEqual((found.address, offset, size), (self.buffer.address, 0, MIB))
        self.assertEqual(self.device.find(found.address + 100)[1], 100)
        with self.assertRaises(hlthunk.Error):
            self.device.find(found.address, MIB + 1)

    def test_a_capsule_nobody_takes_lets_go(self):
        before = len(hlthunk.dlpack._lent)
        capsule = hlthunk.to_dlpack(self.buffer)
        self.assertEqual(len(hlthunk.dlpack._lent), before + 1)
        del capsule
        self.assertEqual(len(hlthunk.dlpack._lent), before)


class Pools(OpenDevice):
    def test_statistics(self):
        with self.device.pool(label="small") as pool:
            buffers = [pool.alloc(3000) for _ in range(100)]
            statistics = pool.statistics
            self.assertEqual((statistics.live_buffers, statistics.used_bytes), (100, 300000))
            for buffer in buffers:
                buffer.close()
            self.assertEqual(pool.statistics.live_buffers, 0)
            self.assertEqual(pool.trim(), statistics.granted_bytes)


class MemoryStatistics(OpenDevice):
    def test_of_a_device(self):
        before = self.device.memory_statistics
        self.device.alloc(2 * MIB).close()
        self.device.reset_memory_peaks()
        with self.device.alloc(MIB):
            now = self.device.memory_statistics
            self.assertEqual(now.buffers.current, before.buffers.current + 1)
            self.assertEqual(now.allocated_bytes.current - before.allocated_bytes.current, MIB)
            self.assertEqual(now.allocated_bytes.peak, now.allocated_bytes.current)
            self.assertEqual(now.allocated_bytes.total - before.allocated_bytes.total, 3 * MIB)
        self.assertEqual(self.device.memory_statistics.buffers.current, before.buffers.current)
        self.assertEqual(now.failures, 0)

    def test_of_a_pool(self):
        with self.device.pool(statistics=True) as pool:
            buffers = [pool.alloc(3000) for _ in range(10)]
            self.assertEqual(pool.memory_statistics.allocated_bytes.current, 30000)
            for buffer in buffers:
                buffer.close()
            self.assertEqual(pool.memory_statistics.allocated_bytes, (0, 30000, 30000, 30000))
            pool.reset_memory_peaks()
            self.assertEqual(pool.memory_statistics.allocated_bytes.peak, 0)
        with self.device.pool() as pool, self.assertRaises(hlthunk.Error):
            pool.memory_statistics


class Sharing(OpenDevice):
    def test_between_sockets(self):
        buffer = self.device.alloc(MIB)
        self.addCleanup(buffer.close)
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(here.close)
        self.addCleanup(there.close)
        with buffer.export(4096, 8192, label="shared") as dmabuf:
            hlthunk.send(here, [dmabuf])
            received, = hlthunk.receive(there, timeout=60)
            self.assertEqual(received.identity, dmabuf.identity)
            self.assertEqual((received.size, received.offset), (8192, 4096))
            with hlthunk.Dmabuf(received.dup()) as imported:
                self.assertEqual(imported.identity, dmabuf.identity)
            received.close()

    def test_by_address(self):
        with self.device.alloc(MIB) as buffer:
            dmabuf, offset = self.device.export_range(buffer.address + 8192 + 5, 100)
            with dmabuf:
                self.assertEqual((offset, dmabuf.data_size), (5, 100))

    def test_as_bytes(self):
        buffer = self.device.alloc(MIB)
        self.addCleanup(buffer.close)
        with buffer.export(0, 8192) as dmabuf, hlthunk.HandleServer() as server:
            handle = server.offer(dmabuf)
            self.assertEqual(server.serve(), 0)
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    identity = dmabuf.identity
                    released = hlthunk.release_inherited()
                    with hlthunk.open_handle(handle, 60) as opened:
                        same = opened.identity == identity and opened.size == 8192
                    status = 0 if same and released > 0 else 2
                finally:
                    os._exit(status)
            select.select([server], [], [], 60)
            given, ended = 0, (0, 0)
            while ended[0] == 0:
                given += server.serve(0.01)
                ended = os.waitpid(child, os.WNOHANG)
            self.assertEqual(os.waitstatus_to_exitcode(ended[1]), 0)
            self.assertEqual(given, 1)
            server.withdraw(handle)
            with self.assertRaises(hlthunk.Error):
                server.withdraw(handle)
            with self.assertRaises(ValueError):
                hlthunk.open_handle(b"short")

    def test_with_a_second_process(self):
        buffer, queue = self.device.alloc(MIB), self.device.queue()
        self.addCleanup(buffer.close)
        self.addCleanup(queue.close)
        queue.write(buffer, b"from the parent")
        self.assertTrue(queue.finish())
        here, there = socket.socketpair()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                here.close()
                device = hlthunk.Device.receive(there, 60)
                dmabuf, = hlthunk.receive(there, 60)
                address = int.from_bytes(there.recv(8), "little")
                with device.name_address(address, dmabuf.size) as named, device.queue() as mine:
                    status = 0 if mine.read(named, 15) == b"from the parent" else 2
            finally:
                os._exit(status)
        there.close()
        with buffer.export(0, MIB) as dmabuf:
            self.device.send(here)
            hlthunk.send(here, [dmabuf])
            here.send(buffer.address.to_bytes(8, "little"))
        here.close()
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)


if __name__ == "__main__":
    unittest.main()
