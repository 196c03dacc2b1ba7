"""Images per second of training and evaluation, and what a pass spends its time in."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from snnc.training.data.prepare import load_prepared
from snnc.training.fitting.measure import measure
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train

SETTINGS = {
    "hidden": "64,128,256",
    "steps": "4",
    "leak_shift": "none",
    "shift": "2",
    "learning_rate": "4e-3",
    "rate_penalty": "0",
}
"""The network of `fashion-large`, said so that versions without that recipe understand it."""


def training(batch: int, epochs: int, data: Path) -> str:
    """Images per second: of the epochs after the first, and of the evaluation of the test split."""
    times = [time.perf_counter()]
    result = train(
        find_recipe("fashion-cnn"),
        1,
        SETTINGS | {"batch": str(batch), "epochs": str(epochs), "device": "cuda"},
        lambda _: times.append(time.perf_counter()),
        data_dir=data,
    )
    test = load_prepared("fashion-mnist", "test", "levels", 15, data_dir=data)
    model = result.model.to("cuda")
    measure(model, test)
    start = time.perf_counter()
    measure(model, test)
    torch.cuda.synchronize()
    evaluated = len(test) / (time.perf_counter() - start)
    trained = 60_000 * (epochs - 1) / (times[-1] - times[1])
    memory = torch.cuda.max_memory_allocated() / 1e9
    return (
        f"batch {batch}: {trained:.0f} images/s trained (first epoch {times[1] - times[0]:.1f} s), "
        f"{evaluated:.0f} images/s evaluated, {memory:.1f} GB, accuracy {result.accuracy:.4f}"
    )


def profiled(run: Callable[[], None], rows: int) -> str:
    """The kernels of `run` by the time they take."""
    run()
    with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as seen:
        run()
        torch.cuda.synchronize()
    events = [event for event in seen.key_averages() if event.self_device_time_total > 0]
    kernels = [event for event in events if event.device_type == torch.autograd.DeviceType.CUDA]
    kernels.sort(key=lambda event: -event.self_device_time_total)
    total = sum(event.self_device_time_total for event in kernels)
    count = sum(event.count for event in kernels)
    lines = [f"{count} kernels, {total / 1e3:.3f} ms"]
    for event in kernels[:rows]:
        lines.append(f"{event.self_device_time_total / 1e3:8.3f} ms {event.count:4d} x {event.key[:110]}")
    return "\n".join(lines)
