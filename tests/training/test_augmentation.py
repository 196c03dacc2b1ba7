"""Images moved and flipped: where pixels end up, and that both are drawn per sample."""

import numpy as np
import torch
from numpy.typing import NDArray

from snnc.training.data.augmentation import draw_moves, gathered, moved

SIDES = (5, 4)


def _augmented(x: NDArray[np.uint8], most: int, mirror: bool, seed: int) -> NDArray[np.uint8]:
    moves = draw_moves(len(x), most, mirror, np.random.default_rng(seed))
    given = torch.from_numpy(x), SIDES, torch.from_numpy(moves)
    result: NDArray[np.uint8] = moved(*given).numpy()
    assert np.array_equal(gathered(*given).numpy(), result)
    assert result.dtype == np.uint8 and result.shape == x.shape
    return result


def test_moved_images() -> None:
    x = np.zeros((200, 2 * 5 * 4), np.uint8)
    x.reshape(-1, 2, 5, 4)[:, :, 2, 1] = (7, 9)
    assert (_augmented(x, 0, False, 0) == x).all()
    images = _augmented(x, 1, False, 0).reshape(-1, 2, 5, 4)
    places = {(int(r), int(c)) for _, r, c in np.argwhere(images[:, 0] == 7)}
    assert places == {(r, c) for r in (1, 2, 3) for c in (0, 1, 2)}
    assert np.array_equal(images[:, 0] == 7, images[:, 1] == 9) and (images.sum((1, 2, 3)) == 16).all()


def test_mirrored_images_are_flipped_left_to_right_as_a_whole() -> None:
    x = np.random.default_rng(5).integers(0, 16, (200, 2 * 5 * 4), np.uint8)
    planes = x.reshape(-1, 2, 5, 4)
    mirrored = _augmented(x, 0, True, 6).reshape(planes.shape)
    flipped = (mirrored == planes[..., ::-1]).all((1, 2, 3))
    assert (flipped | (mirrored == planes).all((1, 2, 3))).all()
    assert 60 < flipped.sum() < 140


def test_flipped_and_moved_is_a_window_of_the_padded_flipped_image() -> None:
    x = np.random.default_rng(7).integers(0, 16, (50, 3 * 5 * 4), np.uint8)
    moves = draw_moves(50, 2, True, np.random.default_rng(8))
    images = _augmented(x, 2, True, 8).reshape(-1, 3, 5, 4)
    for plane, image, (flip, down, right) in zip(x.reshape(-1, 3, 5, 4), images, moves.T, strict=True):
        padded = np.pad(plane[..., ::-1] if flip else plane, ((0, 0), (2, 2), (2, 2)))
        assert np.array_equal(image, padded[:, 2 - down : 7 - down, 2 - right : 6 - right])
    assert set(moves[0]) == {0, 1} and set(moves[1]) == set(moves[2]) == {-2, -1, 0, 1, 2}
