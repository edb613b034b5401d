# SPDX-License-Identifier: MIT
"""The backend on two simulated devices."""
import copy
import io
import os
import threading
from multiprocessing import forkserver

import torch
import torch.multiprocessing as multiprocessing
from children import child_adds, child_has, child_keeps, forked
from torch.testing._internal.common_utils import TestCase, run_tests
from torch_hlthunk import sharing

DEVICE = torch.device("hlthunk")


def both(function, *tensors):
    """What a function gives on the CPU and on the device."""
    return function(*tensors), function(*(t.to(DEVICE) for t in tensors))


class Copies(TestCase):
    def check(self, function, *tensors):
        cpu, device = both(function, *tensors)
        self.assertEqual(device.device.type, "hlthunk")
        self.assertEqual(cpu.stride(), device.stride())
        self.assertEqual(cpu, device.cpu(), rtol=0, atol=0)

    def test_views_are_views(self):
        x = torch.arange(24.0, device=DEVICE)
        y = x.view(2, 3, 4).transpose(0, 2)[1:, ::2]
        y.fill_(-1)
        self.assertEqual(y.untyped_storage().data_ptr(), x.untyped_storage().data_ptr())
        expected = torch.arange(24.0)
        expected.view(2, 3, 4).transpose(0, 2)[1:, ::2].fill_(-1)
        self.assertEqual(x.cpu(), expected)

    def test_strided_copies(self):
        x = torch.randn(4, 5, 6)
        for function in (
            lambda t: t.permute(2, 0, 1).contiguous(),
            lambda t: t[:, 1:4, ::2].clone(),
            lambda t: t[1].t().reshape(-1),
            lambda t: t.as_strided((3, 3), (7, 2), 5).contiguous(),
            lambda t: t[:, :1].expand(4, 5, 6).contiguous(),
            lambda t: t.unfold(2, 3, 1).contiguous(),
            lambda t: torch.zeros_like(t).copy_(t.transpose(1, 2).contiguous().transpose(1, 2)),
            lambda t: t[..., None].clone(),
        ):
            self.check(function, x)

    def test_a_large_transpose(self):
        self.check(lambda t: t.t().contiguous(), torch.randn(300, 200))

    def test_far_apart_elements(self):
        self.check(lambda t: t[::100, :1].clone(), torch.randn(3000, 500))

    def test_into_strided_memory(self):
        x, y = torch.zeros(6, 8), torch.randn(3, 4)
        d = x.to(DEVICE)
        x[::2, 1::2] = y
        d[::2, 1::2] = y  # from the host
        self.assertEqual(d.cpu(), x)
        d.zero_()
        d[::2, 1::2] = y.to(DEVICE)
        self.assertEqual(d.cpu(), x)

    def test_types_change_on_the_way(self):
        x = torch.randn(7)
        for dtype in (torch.float64, torch.float16, torch.int32, torch.bool, torch.complex128):
            self.assertEqual(x.to(DEVICE, dtype).cpu(), x.to(dtype))
            self.assertEqual(x.to(DEVICE).to(dtype).cpu(), x.to(dtype))

    def test_conjugates(self):
        x = torch.randn(5, dtype=torch.complex64)
        d = x.to(DEVICE)
        self.assertEqual(d.conj().cpu(), x.conj())
        self.assertEqual(x.conj().to(DEVICE).cpu(), x.conj())
        d.conj().copy_(x)
        self.assertEqual(d.cpu(), x.conj())
        self.assertEqual(torch.view_as_real(d).cpu(), torch.view_as_real(x.conj().resolve_conj()))

    def test_overlap(self):
        x = torch.arange(10.0)
        d = x.to(DEVICE)
        with self.assertRaisesRegex(RuntimeError, "single memory location"):
            d[:1].expand(5).copy_(x[:5])
        d.view(5, 2)[:, 0].copy_(d.view(5, 2)[:, 1])
        x.view(5, 2)[:, 0].copy_(x.view(5, 2)[:, 1])
        self.assertEqual(d.cpu(), x)

    def test_between_devices(self):
        a = torch.randn(1000, device="hlthunk:0")
        b = a.to("hlthunk:1")
        self.assertEqual(b.device.index, 1)
        self.assertEqual(a.cpu(), b.cpu())

    def test_resize_keeps_what_fits(self):
        x = torch.arange(4.0, device=DEVICE)
        x.resize_(100)
        self.assertEqual(x[:4].cpu(), torch.arange(4.0))

    def test_fill(self):
        for dtype in (torch.uint8, torch.bfloat16, torch.float32, torch.float64,
                      torch.complex128):
            self.assertEqual(torch.full((33,), 3, dtype=dtype, device=DEVICE).cpu(),
                             torch.full((33,), 3, dtype=dtype))

    def test_random_sequences(self):
        """Views of views, written from the CPU and from the device, against the CPU."""
        generator = torch.Generator().manual_seed(7)

        def draw(n):
            return int(torch.randint(n, (1,), generator=generator))

        x = torch.randn(6, 6, 6)
        d = x.to(DEVICE)
        for _ in range(200):
            a, b = x, d
            for _ in range(draw(4)):
                dim, step = draw(a.dim()), 1 + draw(2)
                order = torch.randperm(a.dim(), generator=generator).tolist()
                index = [slice(None)] * a.dim()
                index[dim] = slice(draw(a.size(dim)), None, step)
                a, b = a[tuple(index)].permute(order), b[tuple(index)].permute(order)
            value = torch.randn(a.shape, generator=generator)
            a.copy_(value)
            b.copy_(value.to(DEVICE) if draw(2) else value)
            self.assertEqual(b.cpu(), a, rtol=0, atol=0)
        self.assertEqual(d.cpu(), x, rtol=0, atol=0)


class Fallback(TestCase):
    def test_autograd(self):
        x, w = torch.randn(8, 5), torch.randn(3, 5)

        def gradient(x, w):
            w = w.clone().requires_grad_()
            torch.nn.functional.linear(x, w).tanh().pow(2).mean().backward()
            return w.grad

        cpu, device = both(gradient, x, w)
        self.assertEqual(cpu, device.cpu(), rtol=0, atol=0)

    def test_a_number_first(self):
        x = torch.ones(3, device=DEVICE)
        self.assertEqual((torch.tensor(2.0) * x).device.type, "hlthunk")
        self.assertEqual((2 / x).device.type, "hlthunk")

    def test_a_number_has_no_type_of_its_own(self):
        for function in (
            lambda t: 2.5 // t,
            lambda t: torch.add(1.5, t),
            lambda t: torch.true_divide(1.0, t),
            lambda t: torch.xlogy(2.5, t),
            lambda t: torch.where(t > 1, 2.5, t),
            lambda t: 5 & t.to(torch.int8),
            lambda t: torch.tensor(2.5) * t,
            lambda t: torch._foreach_mul([t, t + 1], torch.tensor(2.5))[1],
        ):
            for x in (torch.tensor([1, 2]), torch.tensor(2.0), torch.tensor(2, dtype=torch.int8)):
                cpu, device = both(function, x)
                self.assertEqual(device.device.type, "hlthunk")
                self.assertEqual(cpu, device.cpu(), rtol=0, atol=0)

    def test_outputs(self):
        x = torch.randn(4, 4, device=DEVICE)
        out = torch.zeros(8, 4, device=DEVICE)
        torch.mul(x, 2, out=out[::2])
        self.assertEqual(out[::2].cpu(), x.cpu() * 2)
        self.assertEqual(out[1::2].cpu(), torch.zeros(4, 4))

    def test_modules(self):
        torch.manual_seed(0)
        for module, shape in (
            (torch.nn.Conv2d(2, 3, 3, padding=1), (2, 2, 5, 5)),
            (torch.nn.ConvTranspose2d(2, 3, 3), (2, 2, 5, 5)),
            (torch.nn.LSTM(4, 3), (5, 2, 4)),
            (torch.nn.GRU(4, 3), (5, 2, 4)),
            (torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), (3, 2, 8)),
            (torch.nn.BatchNorm1d(4), (6, 4)),
            (torch.nn.Embedding(10, 4), None),
        ):
            with self.subTest(module=type(module).__name__):
                self.check_module(module, shape)

    def check_module(self, module, shape):
        def first(y):
            return y[0] if isinstance(y, tuple) else y

        x = torch.randn(shape) if shape else torch.tensor([1, 5, 5])
        cpu = first(module(x))
        cpu.sum().backward()
        gradients = [p.grad.clone() for p in module.parameters()]
        module.zero_grad()
        module.to(DEVICE)
        device = first(module(x.to(DEVICE)))
        device.sum().backward()
        self.assertEqual(cpu, device.cpu())
        for a, p in zip(gradients, module.parameters()):
            self.assertEqual(a, p.grad.cpu())

    def test_running_statistics(self):
        """Training updates them, and evaluation uses them."""
        torch.manual_seed(0)
        for cpu, shape in (
            (torch.nn.BatchNorm2d(3), (4, 3, 5, 5)),
            (torch.nn.BatchNorm1d(3, momentum=None), (4, 3)),
            (torch.nn.InstanceNorm1d(3, affine=True, track_running_stats=True), (4, 3, 6)),
        ):
            with self.subTest(module=type(cpu).__name__):
                device = copy.deepcopy(cpu).to(DEVICE)
                for _ in range(3):
                    x = torch.randn(shape)
                    cpu(x)
                    device(x.to(DEVICE))
                for name, expected in cpu.named_buffers():
                    self.assertEqual(device.get_buffer(name).cpu(), expected, rtol=0, atol=0)
                cpu.eval()
                device.eval()
                self.assertEqual(device(x.to(DEVICE)).cpu(), cpu(x), rtol=0, atol=0)

    def test_running_statistics_alone(self):
        def update(x, mean, variance):
            mean, variance = mean.clone(), variance.clone()
            torch.batch_norm_update_stats(x, mean, variance, 0.1)
            return torch.stack((mean, variance))

        cpu, device = both(update, torch.randn(4, 3), torch.zeros(3), torch.ones(3))
        self.assertEqual(cpu, device.cpu(), rtol=0, atol=0)

    def test_running_statistics_that_are_not_whole(self):
        """Strided ones are updated in place, and one may be missing."""
        def update(x, memory):
            memory = memory.clone()
            torch.native_batch_norm(x, None, None, memory[::2], None, True, 0.1, 1e-5)
            return memory

        cpu, device = both(update, torch.randn(4, 3), torch.zeros(6))
        self.assertEqual(cpu, device.cpu(), rtol=0, atol=0)

    def test_operators_of_others(self):
        """One that has a CPU kernel alone, and no gradient."""
        def double(x):
            x.mul_(2)

        library = torch.library.Library("hlthunk_test", "DEF")
        self.addCleanup(library._destroy)
        library.define("twice(Tensor x) -> Tensor")
        library.define("double_(Tensor(a!) x) -> ()")
        library.impl("twice", lambda x: x * 2, "CPU")
        library.impl("double_", double, "CPU")
        x = torch.arange(3.0, device=DEVICE)
        y = torch.ops.hlthunk_test.twice(x)
        self.assertEqual(y.device.type, "hlthunk")
        self.assertEqual(y.cpu(), torch.arange(3.0) * 2)
        torch.ops.hlthunk_test.double_(x)
        self.assertEqual(x.cpu(), torch.arange(3.0) * 2)


class Autocast(TestCase):
    def test_types(self):
        x, y = torch.randn(4, 4, device=DEVICE), torch.randn(4, 4, device=DEVICE)
        for dtype in torch.hlthunk.get_amp_supported_dtype():
            with torch.autocast("hlthunk", dtype):
                product = x @ y
                self.assertEqual(product.dtype, dtype)
                self.assertEqual((product + 1).dtype, dtype)
                self.assertEqual(product.exp().dtype, torch.float32)
                self.assertEqual(product.softmax(0).dtype, torch.float32)
                self.assertEqual(product.norm().dtype, torch.float32)
                self.assertEqual(torch.addcmul(product, x, y).dtype, torch.float32)
                with torch.autocast("hlthunk", enabled=False):
                    self.assertEqual((x @ y).dtype, torch.float32)
            self.assertEqual((x @ y).dtype, torch.float32)
            self.assertEqual(product.cpu(), (x.to(dtype) @ y.to(dtype)).cpu(), rtol=0, atol=0)

    def test_training(self):
        """The same numbers as the CPU's autocast."""
        def gradients(device):
            torch.manual_seed(0)
            network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(),
                                          torch.nn.Flatten(), torch.nn.Linear(18, 3)).to(device)
            x = torch.randn(4, 1, 5, 5).to(device)
            with torch.autocast(device, torch.bfloat16):
                loss = torch.nn.functional.cross_entropy(network(x), torch.arange(4).to(device) % 3)
            loss.backward()
            return [p.grad.cpu() for p in network.parameters()]

        self.assertEqual(gradients("hlthunk"), gradients("cpu"), rtol=1e-2, atol=1e-2)

    def test_scaled_gradients(self):
        weight = torch.nn.Parameter(torch.ones(3, device=DEVICE))
        optimizer = torch.optim.SGD([weight], lr=0.5)
        scaler = torch.amp.GradScaler("hlthunk", init_scale=4.0)
        for factor in 1.0, float("inf"):
            optimizer.zero_grad()
            scaler.scale((weight * factor).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
        self.assertEqual(weight.detach().cpu(), torch.full((3,), 0.5))
        self.assertEqual(scaler.get_scale(), 2.0)


class Random(TestCase):
    def test_the_seed_gives_the_cpus_numbers(self):
        torch.manual_seed(3)
        cpu = torch.rand(10)
        torch.manual_seed(3)
        device = torch.rand(10, device=DEVICE)
        self.assertEqual(cpu, device.cpu(), rtol=0, atol=0)

    def test_states(self):
        state = torch.hlthunk.get_rng_state()
        a = torch.randn(4, device=DEVICE)
        torch.hlthunk.set_rng_state(state)
        self.assertEqual(a.cpu(), torch.randn(4, device=DEVICE).cpu())
        with torch.random.fork_rng(device_type="hlthunk"):
            b = torch.randn(4, device=DEVICE)
        self.assertEqual(b.cpu(), torch.randn(4, device=DEVICE).cpu())

    def test_generators(self):
        a = torch.Generator(device="hlthunk:1").manual_seed(5)
        b = torch.Generator().manual_seed(5)
        self.assertEqual(torch.randn(4, device="hlthunk:1", generator=a).cpu(),
                         torch.randn(4, generator=b))


class StreamsAndEvents(TestCase):
    def test_an_event_orders_streams(self):
        a, b = torch.hlthunk.Stream(), torch.hlthunk.Stream()
        x = torch.zeros(1 << 20, device=DEVICE)
        y = torch.empty_like(x)
        torch.hlthunk.synchronize()
        for i in range(1, 20):
            with torch.hlthunk.stream(a):
                x.fill_(i)
                event = a.record_event()
            with torch.hlthunk.stream(b):
                b.wait_event(event)
                y.copy_(x)
                done = b.record_event()
            a.wait_event(done)
        b.synchronize()
        self.assertEqual(y.cpu(), torch.full((1 << 20,), 19.0))

    def test_the_context_restores(self):
        before = torch.hlthunk.current_stream()
        with torch.hlthunk.stream(torch.hlthunk.Stream()):
            self.assertNotEqual(torch.hlthunk.current_stream(), before)
        self.assertEqual(torch.hlthunk.current_stream(), before)
        self.assertRaises(RuntimeError, torch.hlthunk.current_stream, 100)

    def test_elapsed_time(self):
        a, b = (torch.Event(device="hlthunk", enable_timing=True) for _ in range(2))
        stream = torch.hlthunk.current_stream()
        a.record(stream)
        torch.zeros(1 << 22, device=DEVICE)
        b.record(stream)
        b.synchronize()
        self.assertGreater(a.elapsed_time(b), 0)

    def test_pinned_memory_later(self):
        host = torch.arange(1 << 18, dtype=torch.float32).pin_memory("hlthunk")
        self.assertTrue(host.is_pinned("hlthunk"))
        device = host.to(DEVICE, non_blocking=True)
        back = torch.empty(1 << 18).pin_memory("hlthunk")
        back.copy_(device, non_blocking=True)
        torch.hlthunk.synchronize()
        self.assertEqual(back, host)

    def test_freed_pinned_memory_is_not_reused_too_early(self):
        stream = torch.hlthunk.current_stream()
        for i in range(50):
            host = torch.full((1 << 16,), float(i)).pin_memory("hlthunk")
            device = host.to(DEVICE, non_blocking=True)
            del host
            torch.full((1 << 16,), -1.0).pin_memory("hlthunk")
            stream.synchronize()
            self.assertEqual(device.cpu(), torch.full((1 << 16,), float(i)))

    def test_threads(self):
        failures = []

        def work(n):
            with torch.hlthunk.stream(torch.hlthunk.Stream()):
                for i in range(20):
                    x = torch.full((1000,), float(n * 100 + i), device=DEVICE)
                    if x.cpu().ne(n * 100 + i).any():
                        failures.append((n, i))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Memory(TestCase):
    def test_statistics(self):
        torch.hlthunk.empty_cache()
        torch.hlthunk.reset_peak_memory_stats()
        before = torch.hlthunk.memory_allocated()
        x = torch.empty(1 << 20, dtype=torch.uint8, device=DEVICE)
        self.assertEqual(torch.hlthunk.memory_allocated() - before, 1 << 20)
        self.assertGreaterEqual(torch.hlthunk.memory_reserved(), 1 << 20)
        del x
        self.assertEqual(torch.hlthunk.memory_allocated(), before)
        self.assertEqual(torch.hlthunk.max_memory_allocated() - before, 1 << 20)
        free, total = torch.hlthunk.mem_get_info()
        self.assertLessEqual(free, total)
        self.assertIn("reserved", torch.hlthunk.memory_summary())

    def test_out_of_memory(self):
        total = torch.hlthunk.get_device_properties().total_memory
        with self.assertRaisesRegex(torch.OutOfMemoryError, "hlthunk out of memory"):
            torch.empty(2 * total, dtype=torch.uint8, device=DEVICE)
        self.assertEqual(torch.ones(3, device=DEVICE).sum().item(), 3)

    def test_a_retry_finds_what_running_work_held(self):
        torch.hlthunk.empty_cache()
        free, _ = torch.hlthunk.mem_get_info()
        retries = torch.hlthunk.memory_stats()["num_alloc_retries"]
        for _ in range(3):
            x = torch.empty(free * 6 // 10, dtype=torch.uint8, device=DEVICE)
            x[-100:].fill_(1)  # recorded, and the queue holds the buffer
            del x
        self.assertGreater(torch.hlthunk.memory_stats()["num_alloc_retries"], retries)

    def test_nothing_leaks(self):
        x = torch.randn(64, 64)
        (x.to(DEVICE) @ x.to(DEVICE)).cpu()
        before = torch.hlthunk.memory_allocated()
        descriptors = len(os.listdir("/proc/self/fd"))
        for _ in range(200):
            (x.to(DEVICE) @ x.to(DEVICE)).cpu()
        self.assertEqual(torch.hlthunk.memory_allocated(), before)
        self.assertEqual(len(os.listdir("/proc/self/fd")), descriptors)


class Interchange(TestCase):
    def test_serialisation(self):
        x = torch.randn(5, device="hlthunk:1")
        file = io.BytesIO()
        torch.save({"x": x, "view": x[1:3]}, file)
        for where, device in ((None, "hlthunk:1"), ("cpu", "cpu"), ("hlthunk:0", "hlthunk:0")):
            file.seek(0)
            loaded = torch.load(file, map_location=where, weights_only=True)
            self.assertEqual(loaded["x"].device, torch.device(device))
            self.assertEqual(loaded["x"].cpu(), x.cpu())
            self.assertEqual(loaded["view"].untyped_storage().data_ptr(),
                             loaded["x"].untyped_storage().data_ptr())

    def test_dlpack(self):
        x = torch.arange(12.0, device=DEVICE).view(3, 4)
        y = torch.from_dlpack(x.t())
        self.assertEqual(y.data_ptr(), x.data_ptr())
        y.mul_(2)
        self.assertEqual(x.cpu(), torch.arange(12.0).view(3, 4) * 2)

    def test_the_python_package_sees_the_same_memory(self):
        import hlthunk

        x = torch.arange(100, dtype=torch.uint8, device=DEVICE)[10:]
        torch.hlthunk.synchronize()
        with hlthunk.Device.from_fd(torch.hlthunk.fileno()) as device, device.queue() as queue:
            buffer, offset, size = hlthunk.from_dlpack(device, x)
            self.assertEqual(queue.read(buffer, size, offset=offset), bytes(range(10, 100)))
            buffer.close()


class Processes(TestCase):
    def start(self, target):
        processes = multiprocessing.get_context("spawn")
        to, back = processes.Queue(), processes.Queue()
        child = processes.Process(target=target, args=(to, back))
        child.start()
        self.addCleanup(child.join)
        return to, back

    def test_a_shared_storage(self):
        to, back = self.start(child_adds)
        x = torch.arange(1000.0, device=DEVICE)
        view = x[100:200].view(10, 10).t()
        to.put((view, torch.nn.Parameter(torch.ones(2, device=DEVICE))))
        self.assertEqual(back.get(timeout=300), (sum(range(100, 200)), (1, 10), True))
        self.assertIsNone(back.get(timeout=300))
        self.assertEqual(x[100:200].cpu(), torch.arange(101.0, 201.0))
        self.assertEqual(x[:100].cpu(), torch.arange(100.0))
        to.put(None)

    def test_the_receiver_keeps_the_memory(self):
        to, back = self.start(child_keeps)
        x = torch.arange(50.0, device=DEVICE)
        to.put(x)
        back.get(timeout=300)
        del x
        others = [torch.full((50,), -1.0, device=DEVICE) for _ in range(100)]
        torch.hlthunk.synchronize()
        to.put(None)
        self.assertEqual(back.get(timeout=300), list(range(50)))
        del others

    def check_arguments(self, processes):
        back = processes.Queue()
        x = torch.arange(10.0, device=DEVICE)
        parameter = torch.nn.Parameter(torch.ones(2, device=DEVICE))
        child = processes.Process(target=child_has, args=(back, x[2:], x, parameter))
        child.start()
        child.join()
        self.assertEqual(child.exitcode, 0)
        self.assertEqual(back.get(timeout=300), (sum(range(2, 10)), 45, 2, True))
        self.assertEqual(x.cpu(), torch.arange(1.0, 11.0))
        back.close()

    def test_arguments_of_a_process(self):
        forkserver.ensure_running()
        for method in "spawn", "forkserver":
            with self.subTest(method=method):
                descriptors = len(os.listdir("/proc/self/fd"))
                self.check_arguments(multiprocessing.get_context(method))
                self.assertEqual(len(os.listdir("/proc/self/fd")), descriptors)

    def test_what_is_rebuilt_is_of_its_device(self):
        """Both devices have the same addresses; an empty storage has none."""
        for size in 4, 0:
            for index in range(2):
                tensor = torch.full((size,), float(index), device=f"hlthunk:{index}")
                rebuild, arguments = sharing._reduce_storage(tensor.untyped_storage())
                storage = rebuild(*arguments)
                self.assertEqual((storage.device.index, storage.nbytes()), (index, 4 * size))

    def test_fork(self):
        torch.ones(1, device=DEVICE)
        processes = multiprocessing.get_context("fork")
        answers = processes.SimpleQueue()
        child = processes.Process(target=forked, args=(answers,))
        child.start()
        state, text = answers.get()
        child.join()
        self.assertTrue(state)
        self.assertIn("spawn", text)
        self.assertEqual(child.exitcode, 0)

    def test_data_loader_workers(self):
        data = torch.utils.data.TensorDataset(torch.arange(64.0))
        loader = torch.utils.data.DataLoader(data, batch_size=16, num_workers=2, pin_memory=True,
                                             pin_memory_device="hlthunk")
        total = torch.zeros((), device=DEVICE)
        for batch, in loader:
            self.assertTrue(batch.is_pinned("hlthunk"))
            total += batch.to(DEVICE, non_blocking=True).sum()
        self.assertEqual(total.item(), sum(range(64)))


if __name__ == "__main__":
    run_tests()
