/* SPDX-License-Identifier: MIT */
#ifndef SIM_HLSIM_REACH_H
#define SIM_HLSIM_REACH_H

/*
 * Warns on standard error when the program, named as for execvp(), is linked statically: nothing is
 * preloaded into it, so it sees the machine as it is.  Scripts are not looked into.
 */
void warn_if_out_of_reach(const char *program);

#endif
