/* SPDX-License-Identifier: MIT */
/* What the Python module needs from the backend. */
#include "check.h"
#include "generator.h"
#include "hooks.h"
#include "memory.h"
#include "share.h"
#include "stream.h"

#include <hlthunk/version.h>
#include <torch/csrc/Storage.h>
#include <torch/csrc/utils/pybind.h>

namespace hl
{
namespace
{

namespace py = pybind11;
using WithoutGil = py::call_guard<py::gil_scoped_release>;

const c10::Storage &storage_of(const py::handle &object)
{
    return THPStorage_Unpack(object.ptr());
}

py::dict properties(c10::DeviceIndex index)
{
    hlthunk_device_properties p = device_properties(index);
    py::dict d;
    d["name"] = p.card_name[0] ? p.card_name : hlthunk_asic_get_name(p.asic);
    d["asic"] = hlthunk_asic_get_name(p.asic);
    d["pci_address"] = p.pci_address;
    d["module_id"] = p.module_id;
    d["firmware_version"] = p.firmware_version;
    d["total_memory"] = p.memory_size;
    return d;
}

py::dict amount(const Amount &a)
{
    py::dict d;
    d["current"] = a.current;
    d["peak"] = a.peak;
    d["allocated"] = a.total;
    d["freed"] = a.total - a.current;
    return d;
}

py::dict statistics(c10::DeviceIndex index)
{
    MemoryStatistics s = memory_statistics(index);
    py::dict d;
    d["allocated_bytes"] = amount(s.allocated_bytes);
    d["allocation"] = amount(s.allocations);
    d["reserved_bytes"] = amount(s.reserved_bytes);
    d["active_bytes"] = s.active_bytes;
    d["num_alloc_retries"] = s.retries;
    d["num_ooms"] = s.failures;
    return d;
}

std::pair<uint64_t, uint64_t> memory_info(c10::DeviceIndex index)
{
    return { device_memory_usage(index).free_bytes, device_properties(index).memory_size };
}

c10::Stream set_stream(c10::DeviceIndex index, c10::StreamId id)
{
    return exchange_stream(
        c10::Stream(c10::Stream::UNSAFE, c10::Device(kDevice, checked_index(index)), id));
}

} // namespace

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m)
{
    register_hooks();
    m.def("device_count", device_count);
    m.def("current_device", current_device);
    m.def("set_device", set_current_device);
    m.def("exchange_device", exchange_device);
    m.def(
        "open", [](c10::DeviceIndex index) { device_handle(index); }, WithoutGil());
    m.def("fileno", [](c10::DeviceIndex index) {
        return hlthunk_device_borrow_fd(device_handle(checked_index(index)));
    });
    m.def("is_open", device_is_open);
    m.def("is_in_bad_fork", forked_from_user);
    m.def("properties", properties);
    m.def("synchronize", device_synchronize, WithoutGil());

    m.def("memory_statistics", statistics);
    m.def("memory_reset_peaks", memory_reset_peaks);
    m.def("memory_empty_cache", memory_empty_cache, WithoutGil());
    m.def("memory_info", memory_info);

    m.def("current_stream",
          [](c10::DeviceIndex index) { return current_stream(checked_index(index)); });
    m.def("default_stream", default_stream);
    m.def("set_stream", set_stream);

    m.def("default_generator", [](c10::DeviceIndex index) { return default_generator(index); });

    m.def("storage_send", [](py::handle object) {
        c10::Storage storage = storage_of(object);
        py::gil_scoped_release released; /* it waits for the device */
        return storage_send(storage);
    });
    m.def("storage_receive", [](int socket, uint64_t address, uint64_t bytes) {
        c10::Storage storage;
        {
            py::gil_scoped_release released;
            storage = storage_receive(socket, address, bytes);
        }
        return py::reinterpret_steal<py::object>(THPStorage_Wrap(std::move(storage)));
    });
}

} // namespace hl
