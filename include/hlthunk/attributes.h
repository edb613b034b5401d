/* SPDX-License-Identifier: MIT */
/* Compiler attributes of the public headers. */
#ifndef HLTHUNK_ATTRIBUTES_H
#define HLTHUNK_ATTRIBUTES_H

#if defined(__GNUC__)
#define HLTHUNK_API __attribute__((visibility("default")))
#define HLTHUNK_MUST_CHECK __attribute__((warn_unused_result))
#else
#define HLTHUNK_API
#define HLTHUNK_MUST_CHECK
#endif

#ifdef __cplusplus
#define HLTHUNK_BEGIN_DECLS extern "C" {
#define HLTHUNK_END_DECLS }
#else
#define HLTHUNK_BEGIN_DECLS
#define HLTHUNK_END_DECLS
#endif

#endif
