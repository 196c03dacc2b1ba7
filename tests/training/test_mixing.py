"""Blank rectangles and mixed images: where they are, how often, and what becomes of the labels."""

import numpy as np
import torch

from snnc.training.data.datasets import load_samples
from snnc.training.fitting.batches import Batches
from snnc.training.fitting.mixing import LARGEST, draw_rectangles, erased, mixed
from snnc.training.fitting.processes import Place
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import find_recipe

SIDES = (12, 9)


def test_rectangles_lie_within_their_image_and_have_the_sizes_of_the_source() -> None:
    rectangles = draw_rectangles(2000, 1.0, SIDES, np.random.default_rng(0))
    top, bottom, left, right = rectangles
    assert (top >= 0).all() and (bottom <= SIDES[0]).all() and (top < bottom).mean() > 0.97
    assert (left >= 0).all() and (right <= SIDES[1]).all()
    area = (bottom - top) * (right - left) / np.prod(SIDES)
    assert area.max() <= LARGEST * 1.2 and 0.05 < area.mean() < LARGEST / 2
    assert set(top) == set(range(12)) and set(left) == set(range(9))


def test_so_many_images_are_left_alone() -> None:
    top, bottom, _, _ = draw_rectangles(2000, 0.25, SIDES, np.random.default_rng(1))
    assert 0.2 < (top < bottom).mean() < 0.3
    assert (draw_rectangles(50, 0.0, SIDES, np.random.default_rng(1))[1] <= 11).all()


def test_what_is_erased_is_zero_in_every_plane_and_nothing_else() -> None:
    x = torch.randint(1, 16, (3, 2 * 108), dtype=torch.uint8)
    rectangles = torch.tensor([[2, 0, 5], [4, 0, 12], [1, 0, 0], [9, 0, 1]])
    expected = x.reshape(3, 2, 12, 9).clone()
    expected[0, :, 2:4, 1:9], expected[2, :, 5:12, 0:1] = 0, 0
    assert torch.equal(erased(x, SIDES, rectangles), expected.reshape(3, -1))


def test_mixed_images_stay_payloads_and_labels_add_up() -> None:
    x = torch.tensor([[0, 15], [8, 4], [15, 0]], dtype=torch.uint8)
    blend, labels = mixed(x, torch.tensor([0, 2, 1]), 0.75, 3)
    assert blend.dtype == torch.uint8
    assert blend.tolist() == [[4, 11], [6, 7], [13, 1]]
    assert labels.tolist() == [[0.75, 0.25, 0], [0.25, 0, 0.75], [0, 0.75, 0.25]]


def test_batches_erase_and_mix_anew_and_repeat() -> None:
    samples = load_samples("digits", "train", 64)
    recipe = apply_settings(
        find_recipe("digits-mlp"), {"erase": "1", "mixup": "1", "shift": "1", "mirror": "true"}
    )
    place = Place(0, 1, torch.device("cpu"))
    first, again = (Batches(samples, lambda x: x, recipe, 3, place) for _ in range(2))
    epochs = [[next(iter(batches.epoch())) for _ in range(2)] for batches in (first, again)]
    assert torch.equal(epochs[0][0].payloads, epochs[1][0].payloads)
    assert not torch.equal(epochs[0][0].payloads, epochs[0][1].payloads)
    assert epochs[0][0].y.shape == (64, 10) and torch.allclose(epochs[0][0].y.sum(1), torch.ones(64))
    assert epochs[0][0].payloads.max() <= 16


def test_mixed_labels_have_a_part_for_every_output() -> None:
    """Also of classes that no sample has, such as those that were held out."""
    samples = load_samples("digits", "train", 64)
    recipe = apply_settings(find_recipe("digits-mlp"), {"mixup": "1"})
    batches = Batches(samples, lambda x: x, recipe, 3, Place(0, 1, torch.device("cpu")), outputs=12)
    y = next(iter(batches.epoch())).y
    assert y.shape == (64, 12) and not y[:, 10:].any()
