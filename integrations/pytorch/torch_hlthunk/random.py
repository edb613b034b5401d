# SPDX-License-Identifier: MIT
"""Random numbers: a generator for each device, whose numbers are the CPU's of the same seed."""
from . import _C
from .device import device_count, index_of


def default_generator(device=None):
    return _C.default_generator(index_of(device))


def manual_seed(seed):
    default_generator().manual_seed(int(seed))


def manual_seed_all(seed):
    for i in range(device_count()):
        default_generator(i).manual_seed(int(seed))


def seed():
    return default_generator().seed()


def seed_all():
    manual_seed_all(seed())


def initial_seed():
    return default_generator().initial_seed()


def get_rng_state(device=None):
    return default_generator(device).get_state()


def get_rng_state_all():
    return [get_rng_state(i) for i in range(device_count())]


def set_rng_state(state, device=None):
    default_generator(device).set_state(state)


def set_rng_state_all(states):
    for i, state in enumerate(states):
        set_rng_state(state, i)
