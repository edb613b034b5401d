/* SPDX-License-Identifier: MIT */
#include "generator.h"

#include "device.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/GeneratorForPrivateuseone.h>

#include <vector>

namespace hl
{
namespace
{

struct DeviceGenerator final : c10::GeneratorImpl {
    DeviceGenerator(c10::DeviceIndex index, at::Generator generator)
        : c10::GeneratorImpl(c10::Device(kDevice, index),
                             c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)),
          cpu(std::move(generator))
    {
    }

    void set_current_seed(uint64_t seed) override
    {
        cpu.set_current_seed(seed);
    }
    uint64_t current_seed() const override
    {
        return cpu.current_seed();
    }
    uint64_t seed() override
    {
        return cpu.seed();
    }
    void set_offset(uint64_t offset) override
    {
        cpu.set_offset(offset);
    }
    uint64_t get_offset() const override
    {
        return cpu.get_offset();
    }
    void set_state(const c10::TensorImpl &state) override
    {
        cpu.unsafeGetGeneratorImpl()->set_state(state);
    }
    c10::intrusive_ptr<c10::TensorImpl> get_state() const override
    {
        return cpu.unsafeGetGeneratorImpl()->get_state();
    }
    DeviceGenerator *clone_impl() const override
    {
        return new DeviceGenerator(device_.index(), cpu.clone());
    }

    at::Generator cpu;
};

REGISTER_GENERATOR_PRIVATEUSE1(make_generator)

} // namespace

at::Generator make_generator(c10::DeviceIndex index)
{
    return at::make_generator<DeviceGenerator>(checked_index(index),
                                               at::detail::createCPUGenerator());
}

const at::Generator &default_generator(c10::DeviceIndex index)
{
    static auto *all = [] {
        auto *list = new std::vector<at::Generator>;
        for (c10::DeviceIndex i = 0; i < device_count(); i++)
            list->push_back(make_generator(i));
        return list;
    }();
    return (*all)[checked_index(index)];
}

at::Generator cpu_generator(const at::Generator &generator)
{
    return static_cast<DeviceGenerator *>(generator.unsafeGetGeneratorImpl())->cpu;
}

} // namespace hl
