/* SPDX-License-Identifier: MIT */
/* A simulated ioctl against a null system call: hlsim run -- bench/sim-ioctl */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "uapi/requests.h"

#define ROUNDS 200000
#define TRIES 9

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(void)
{
    struct hl_info_device_status status;
    double null_ns = 1e18, ioctl_ns = 1e18;
    int fd = open("/dev/accel/accel0", O_RDWR);

    if (fd < 0) {
        perror("/dev/accel/accel0");
        return 1;
    }
    for (int t = 0; t < TRIES; t++) {
        double start = now_ns(), ns;

        for (int i = 0; i < ROUNDS; i++)
            syscall(SYS_getppid);
        ns = (now_ns() - start) / ROUNDS;
        null_ns = ns < null_ns ? ns : null_ns;
        start = now_ns();
        for (int i = 0; i < ROUNDS; i++) {
            struct hl_info_args a = { .return_pointer = (__u64)(unsigned long)&status,
                                      .return_size = sizeof(status),
                                      .op = HL_INFO_DEVICE_STATUS };

            if (ioctl(fd, HL_REQ_D_INFO, &a) < 0) {
                perror("INFO");
                return 1;
            }
        }
        ns = (now_ns() - start) / ROUNDS;
        ioctl_ns = ns < ioctl_ns ? ns : ioctl_ns;
    }
    printf("simulated ioctl       %7.0f ns, a null system call %.0f ns: ratio %.2f\n", ioctl_ns,
           null_ns, ioctl_ns / null_ns);
    close(fd);
    return 0;
}
