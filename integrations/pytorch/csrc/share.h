/* SPDX-License-Identifier: MIT */
/*
 * Storages between processes.  The driver gives a device to one process at a time, so the device
 * itself is sent along: the receiver uses the same memory at the same address, and the dma-buf that
 * it holds keeps the memory when the sender lets go of it.
 */
#pragma once

#include <c10/core/Storage.h>

namespace hl
{

/* A socket that holds the device and the dma-buf, for one receiver; the caller's to close. */
int storage_send(const c10::Storage &storage);

/* Closes nothing.  @address and @bytes are the sender's. */
c10::Storage storage_receive(int socket, uint64_t address, uint64_t bytes);

} // namespace hl
