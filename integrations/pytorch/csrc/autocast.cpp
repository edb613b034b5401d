/* SPDX-License-Identifier: MIT */
/* torch.autocast("hlthunk"): PyTorch's own lists of the operators that want less precision, and of
 * those that want all of it. */
#include <ATen/autocast_mode.h>
#include <torch/library.h>

namespace
{

using namespace at; /* the lists name its types */

#define HL_LOWER(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, lower_precision_fp)
#define HL_FP32(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32)
#define HL_FP32_RESULT(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32_set_opt_dtype)
#define HL_WIDEST(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, promote)

/* What is in no list is called as it is. */
TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m)
{
    m.fallback(torch::CppFunction::makeFallthrough());
}

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m)
{
    AT_FORALL_LOWER_PRECISION_FP(HL_LOWER)
    AT_FORALL_FP32(HL_FP32)
    AT_FORALL_FP32_SET_OPT_DTYPE(HL_FP32_RESULT)
    AT_FORALL_DIFFERENT_REDISPATCH_SIGNATURE(KERNEL_DIFFERENT_REDISPATCH_SIGNATURE_PRIVATEUSEONE)
    AT_FORALL_PROMOTE(HL_WIDEST)
    HL_FP32(binary_cross_entropy) /* PyTorch has it in the CPU's list alone */
}

} // namespace
