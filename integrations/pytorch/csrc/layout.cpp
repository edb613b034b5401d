/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <algorithm>
#include <vector>

namespace hl
{
namespace
{

struct Dimension {
    uint64_t size, destination, source; /* strides in bytes */
};

/* Outermost first; adjacent dimensions that are contiguous in both tensors are merged. */
std::vector<Dimension> dimensions_of(const at::Tensor &destination, const at::Tensor &source)
{
    auto item = static_cast<uint64_t>(destination.itemsize());
    std::vector<Dimension> all, joined;
    for (int64_t i = 0; i < destination.dim(); i++)
        if (destination.size(i) != 1)
            all.push_back({ static_cast<uint64_t>(destination.size(i)),
                            static_cast<uint64_t>(destination.stride(i)) * item,
                            static_cast<uint64_t>(source.stride(i)) * item });
    std::stable_sort(all.begin(), all.end(), [](const Dimension &a, const Dimension &b) {
        return a.destination > b.destination;
    });
    for (const Dimension &d : all) {
        if (!joined.empty() && joined.back().destination == d.destination * d.size &&
            joined.back().source == d.source * d.size)
            joined.back() = { joined.back().size * d.size, d.destination, d.source };
        else
            joined.push_back(d);
    }
    return joined;
}

struct Shape {
    std::vector<Dimension> outer;
    Dimension rows;
    uint64_t width;
};

Shape shape_of(const at::Tensor &destination, const at::Tensor &source)
{
    auto item = static_cast<uint64_t>(destination.itemsize());
    Shape shape{ dimensions_of(destination, source), { 1, item, item }, item };
    auto &outer = shape.outer;
    if (!outer.empty() && outer.back().destination == item && outer.back().source == item) {
        shape.width = outer.back().size * item;
        outer.pop_back();
    }
    shape.rows = { 1, shape.width, shape.width };
    /* the rectangle's pitch must not be less than its width, except for a repeated source row */
    if (!outer.empty() && outer.back().destination >= shape.width &&
        (outer.back().source >= shape.width || !outer.back().source)) {
        shape.rows = outer.back();
        outer.pop_back();
    }
    return shape;
}

void walk(const Shape &shape, size_t level, uint64_t destination, uint64_t source,
          const std::function<void(const Rectangle &)> &visit)
{
    if (level == shape.outer.size()) {
        visit({ destination, source, shape.rows.destination, shape.rows.source, shape.width,
                shape.rows.size });
        return;
    }
    const Dimension &d = shape.outer[level];
    for (uint64_t i = 0; i < d.size; i++)
        walk(shape, level + 1, destination + i * d.destination, source + i * d.source, visit);
}

} // namespace

void for_each_rectangle(const at::Tensor &destination, const at::Tensor &source,
                        const std::function<void(const Rectangle &)> &visit)
{
    if (destination.numel())
        walk(shape_of(destination, source), 0, 0, 0, visit);
}

uint64_t row_count(const at::Tensor &destination, const at::Tensor &source)
{
    Shape shape = shape_of(destination, source);
    uint64_t rows = shape.rows.size;
    for (const Dimension &d : shape.outer)
        rows *= d.size;
    return rows;
}

} // namespace hl
