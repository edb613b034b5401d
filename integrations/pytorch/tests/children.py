# SPDX-License-Identifier: MIT
"""What second processes of test_backend.py do: apart, so that they import no more than this."""
import torch


def child_adds(received, answers):
    tensor, parameter = received.get()
    answers.put((tensor.sum().item(), tensor.stride(), parameter.requires_grad))
    tensor += 1
    torch.hlthunk.synchronize()
    answers.put(None)
    received.get()


def child_keeps(received, answers):
    tensor = received.get()
    answers.put(None)
    received.get()  # the parent has released it and used more memory
    answers.put(tensor.cpu().tolist())


def child_has(answers, view, tensor, parameter):
    answers.put((view.sum().item(), tensor.sum().item(), parameter.sum().item(),
                 parameter.requires_grad))
    tensor += 1
    torch.hlthunk.synchronize()


def forked(answers):
    state = torch.hlthunk._is_in_bad_fork()
    try:
        torch.ones(3, device="hlthunk")
        answers.put((state, "allowed"))
    except RuntimeError as error:
        answers.put((state, str(error)))
