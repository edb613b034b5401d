# SPDX-License-Identifier: MIT
"""Trains a small network on the device beside the CPU, shows the memory, shares a tensor.

Ends with 1 unless the losses are equal to the bit and the second process sees the tensor.
"""
import sys

import torch
import torch.multiprocessing as multiprocessing
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

STEPS_SHOWN = 5


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
                                      nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


def dataset():
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(128, 1, 8, 8, generator=generator)
    return TensorDataset(images, (images.sum((1, 2, 3)) > 0).long())


def train(device):
    """The losses of each step."""
    torch.manual_seed(0)
    network = Network().to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()
    pinned = device.type != "cpu"
    loader = DataLoader(dataset(), batch_size=32, num_workers=1, pin_memory=pinned,
                        pin_memory_device=device.type if pinned else "")
    losses = []
    for _ in range(3):
        for images, labels in loader:
            images = images.to(device, non_blocking=True)
            labels = labels.to(device, non_blocking=True)
            optimizer.zero_grad()
            loss = loss_of(network(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def second_process(received, answers):
    tensor = received.get()
    answers.put((tensor.device.type, tensor.cpu().sum().item()))
    tensor += 1
    torch.hlthunk.synchronize()
    answers.put("added")
    received.get()


def share():
    """Does another process see, and change, the same memory?"""
    processes = multiprocessing.get_context("spawn")
    to, back = processes.Queue(), processes.Queue()
    child = processes.Process(target=second_process, args=(to, back))
    child.start()
    tensor = torch.arange(1000, dtype=torch.float32, device="hlthunk")[100:200]
    to.put(tensor)
    device, total = back.get(timeout=300)
    print(f"second process: 100 elements of 1000, on {device}, sum {total:.0f}")
    back.get(timeout=300)
    print(f"after it has added 1: sum {tensor.sum().item():.0f}")
    to.put(None)
    child.join()
    return total == sum(range(100, 200)) and tensor.sum().item() == total + 100


def main():
    properties = torch.hlthunk.get_device_properties()
    print(f"{properties.name} {properties.pci_address}, "
          f"{properties.total_memory >> 20} MiB, PyTorch {torch.__version__}")
    device_losses = train(torch.device("hlthunk"))
    cpu_losses = train(torch.device("cpu"))
    print(f"{'step':>4} {'loss on hlthunk':>20} {'on the CPU':>20}")
    for step, (a, b) in enumerate(zip(device_losses, cpu_losses)):
        if step < STEPS_SHOWN or step == len(cpu_losses) - 1:
            print(f"{step:4} {a:20.15f} {b:20.15f}")
    equal = device_losses == cpu_losses
    print(f"{len(cpu_losses)} losses are {'equal to the bit' if equal else 'DIFFERENT'}")
    print(torch.hlthunk.memory_summary())
    return 0 if equal and share() else 1


if __name__ == "__main__":
    sys.exit(main())
