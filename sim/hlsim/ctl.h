/* SPDX-License-Identifier: MIT */
#ifndef HLSIM_CTL_H
#define HLSIM_CTL_H

/* hlsim ctl: something happens to a device of the running simulation.  The exit code. */
int ctl_main(int argc, char **argv);

#endif
