/* SPDX-License-Identifier: MIT */
/*
 * A handle's bytes, and what goes over a server's socket: the client sends a token, the server
 * answers with 0 or -errno (an int32_t) and, after 0, a message of hlthunk_dmabuf_send().
 */
#ifndef HL_SHARE_HANDLE_H
#define HL_SHARE_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <hlthunk/handle.h>

#define HL_HANDLE_RANDOM 16u

struct hl_handle {
    char magic[8];
    uint8_t name[HL_HANDLE_RANDOM]; /* of the server */
    uint8_t token[HL_HANDLE_RANDOM];
    uint8_t zero[HLTHUNK_HANDLE_SIZE - 8 - 2 * HL_HANDLE_RANDOM];
};

_Static_assert(sizeof(struct hl_handle) == HLTHUNK_HANDLE_SIZE, "without holes");

void hl_handle_init(struct hl_handle *handle, const uint8_t *name, const uint8_t *token);
/* Is it one, as far as its bytes tell? */
bool hl_handle_is_valid(const struct hl_handle *handle);
/* Of the server of that name; returns its length. */
socklen_t hl_handle_address(const uint8_t *name, struct sockaddr_un *address);

#endif
