"""What a GPU computes against the integers of the CPU: convolutions, whole networks, gradients, bytes."""

import itertools

import numpy as np
import torch
from torch import Tensor

from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.training.fitting.capture import CapturedPass
from snnc.training.fitting.objective import SpikingObjective
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import Population
from snnc.training.model.gpu_neurons import fits
from snnc.training.model.neurons import Dynamics, run_population

CUDA = torch.device("cuda")
SHAPES = ((1, 64, 28), (64, 128, 14), (128, 256, 7), (256, 10, 7))
"""Channels in and out and side of convolutions."""
NETWORKS = (
    {"architecture": "pooled", "hidden": "64,128,256", "batch_norm": "true", "leak_shift": "none"},
    {"architecture": "pooled", "hidden": "32,64", "weight_bits": "8", "max_payload": "255", "reset": "hard"},
    {"architecture": "cnn", "hidden": "16,32", "readout": "spike_count", "current_leak_shift": "2"},
    {"architecture": "residual", "hidden": "16,32,64", "readout": "first_spike", "steps": "7"},
    {"architecture": "mlp", "hidden": "512,256", "weight_bits": "8"},
    {"architecture": "recurrent", "hidden": "128,64", "steps": "8", "encoding": "held"},
)


def allow_tensor_floats(allow: bool) -> None:
    """Whether products may use TF32."""
    torch.backends.cudnn.allow_tf32 = allow
    torch.set_float32_matmul_precision("high" if allow else "highest")


def convolutions() -> list[str]:
    """Largest error of cuDNN's sums of integers before they are rounded, random and extreme operands."""
    lines = []
    for tensor_floats, last, search in itertools.product((False, True), repeat=3):
        allow_tensor_floats(tensor_floats)
        torch.backends.cudnn.benchmark = search
        worst, wrong, cases = 0.0, 0, 0
        for (wide, out, side), payload, weight, extreme in itertools.product(
            SHAPES, (1, 15, 60, 255, 1020, 2040), (7, 127), (False, True)
        ):
            if wide * 9 * payload * weight >= 1 << 24:
                continue
            x, kernels = _operands((4, wide, side, side), payload, (out, wide, 3, 3), weight, extreme)
            wanted = torch.nn.functional.conv2d(x.double(), kernels.double(), padding=1)
            layout = torch.channels_last if last else torch.contiguous_format
            there = [part.to(CUDA).contiguous(memory_format=layout) for part in (x, kernels)]
            got = torch.nn.functional.conv2d(*there, padding=1).double().cpu()
            worst = max(worst, float((got - wanted).abs().max()))
            wrong += int((got.round() != wanted).sum())
            cases += 1
        options = f"TF32 {tensor_floats}, channels last {last}, cudnn.benchmark {search}"
        lines.append(f"convolutions, {options}: {cases} cases, error {worst}, wrong after rounding {wrong}")
    torch.backends.cudnn.benchmark = False
    return lines


def _operands(
    shape: tuple[int, ...], payload: int, kernel: tuple[int, ...], weight: int, extreme: bool
) -> tuple[Tensor, Tensor]:
    if extreme:
        return torch.full(shape, float(payload)), torch.full(kernel, float(-weight))
    x = torch.randint(0, payload + 1, shape).float()
    return x, torch.randint(-weight, weight + 1, kernel).float()


def networks() -> list[str]:
    """Networks with random parameters: every membrane and every spike, random and extreme inputs."""
    lines = []
    for settings in NETWORKS:
        recipe = apply_settings(find_recipe("digits-mlp"), {"max_payload": "15"} | settings)
        model = SpikingClassifier(recipe.model_config((1, 28, 28), 10), batch_norm=recipe.batch_norm).eval()
        allow_tensor_floats(model.fits_tensor_floats)
        largest = recipe.max_payload
        x = np.random.default_rng(0).integers(0, largest + 1, (64, 784)).astype(np.uint8)
        x[:2], x[2] = largest, 0
        here, there = model.trace(x), model.to(CUDA).trace(x)
        equal = all(
            np.array_equal(a.membranes, b.membranes) and np.array_equal(a.spikes, b.spikes)
            for a, b in zip(here, there, strict=True)
        )
        spikes = sum(int(layer.spikes.sum()) for layer in here)
        lines.append(f"network {settings}: TF32 {model.fits_tensor_floats}, {spikes} spikes, equal {equal}")
    return lines


def neurons() -> list[str]:
    """The fused kernels against PyTorch's operations on the same card."""
    worst, unequal, cases = 0.0, 0, 0
    layouts = ((False, True, True, False), (True, False, False, False), (True, False, True, True))
    options = itertools.product(("soft", "hard", "none"), ("atan", "s2nn"), layouts)
    for reset, surrogate, (leaks, shared, last, full) in options:
        population = Population(reset, leak=Decay(1, 2) if leaks else NO_LEAK, state_bits=8)
        currents = torch.randint(-60, 90, (1 if shared else 3, 5, 7, 11, 6), device=CUDA).float()
        if last:
            image = currents.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            currents = image.reshape(currents.shape)
        start = torch.randint(-90, 90, (5 if full else 1, 7, 11 if full else 1, 6 if full else 1))
        membrane = start.float().to(CUDA).expand(5, 7, 11, 6)
        limit = torch.randint(1, 60, (7, 1, 1), device=CUDA).float()
        given = [values.requires_grad_() for values in (currents, membrane, limit, limit.detach() - 20)]
        assert fits(currents, 3)
        ours = run_population(*given, population, surrogate, 3)
        wide = [given[0].expand(3, 5, 7, 11, 6), *given[1:]]
        theirs = Dynamics.apply(*wide, population, surrogate)  # type: ignore[no-untyped-call]
        factors = [torch.randn_like(values) for values in ours]
        kept = slice(0, 1) if reset == "none" else slice(0, 2)
        gradients = [
            torch.autograd.grad(
                sum((v * f).sum() for v, f in zip(o[kept], factors[kept], strict=True)), given
            )
            for o in (ours, theirs)
        ]
        unequal += sum(not torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
        errors = [(a - b).norm() / b.norm().clamp(min=1e-9) for a, b in zip(*gradients, strict=True)]
        worst, cases = max(worst, float(torch.stack(errors).max())), cases + 1
    return [f"fused neurons: {cases} cases, unequal values {unequal}, relative gradient error {worst:.1e}"]


def captured() -> list[str]:
    """A captured pass against the same pass launched kernel by kernel, and one training against another."""
    recipe = apply_settings(find_recipe("fashion-large"), {"hidden": "16,32"})
    model = SpikingClassifier(recipe.model_config((1, 28, 28), 10), batch_norm=True)
    x = np.random.default_rng(0).integers(0, 16, (64, 784)).astype(np.uint8)
    objective = SpikingObjective(model, recipe, x).to(CUDA).train()
    batch = torch.from_numpy(model.payloads(x)).to(CUDA), torch.arange(64, device=CUDA) % 10
    once = CapturedPass(objective, *batch)
    once(*batch)
    replayed = [parameter.grad.clone() for parameter in once.learned if parameter.grad is not None]
    for parameter in once.learned:
        parameter.grad = None
    loss, _ = objective(*batch)
    torch.autograd.backward(loss)
    launched = [parameter.grad for parameter in once.learned if parameter.grad is not None]
    equal = all(torch.equal(a, b) for a, b in zip(replayed, launched, strict=True))
    digits = {"architecture": "pooled", "hidden": "16,32", "batch_norm": "true", "epochs": "3"}
    pair = [train(find_recipe("digits-mlp"), 1, digits | {"device": "cuda"}) for _ in range(2)]
    states = [result.model.state_dict() for result in pair]
    same = all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    return [
        f"captured gradients: {len(replayed)} tensors, equal {equal}",
        f"two trainings: equal {same}, accuracy {pair[0].accuracy:.4f}, warnings {pair[0].warnings}",
    ]


def check_all() -> list[str]:
    """Every check, in order; one that fails to run says so in its line."""
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    lines = []
    for check in (neurons, networks, captured, convolutions):
        try:
            lines += check()
        except Exception as error:  # The others shall still run: the machine is lent for minutes.
            lines.append(f"{check.__name__} failed: {type(error).__name__}: {error}")
    return lines
