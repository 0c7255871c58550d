"""The counter-based encoder."""

import numpy as np
import pytest
from numba import njit

from strsbp.encoding import TEST_SPLIT, THRESHOLDS, TRAIN_SPLIT, Encoder, philox


@njit
def _philox(c0, c1, c2, c3, k0, k1):
    return philox(c0, c1, c2, c3, k0, k1)


@pytest.mark.parametrize(
    "counter, key, words",
    [  # known answers of Philox-4x32-10, published with the generator
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_known_answers(counter, key, words):
    assert _philox(*(np.uint32(value) for value in counter + key)) == words


def test_rate_is_proportional_to_the_pixel():
    values = np.arange(256, dtype=np.uint8)
    n_images, n_steps = 40, 400
    encoder = Encoder(7, TRAIN_SPLIT, n_steps)
    spikes = np.stack([encoder.encode(values, index) for index in range(n_images)])
    n_draws = n_images * (n_steps - 1)
    p = values / (5.5 * 255)
    error = (spikes.sum(axis=(0, 1)) - n_draws * p) / np.sqrt(
        n_draws * np.maximum(p * (1 - p), 1e-9)
    )
    assert not spikes[:, :, 0].any(), "a zero pixel never fires"
    assert not spikes[:, 0].any(), "nothing fires at t = 0"
    assert np.abs(error[1:]).max() < 4.5
    assert 0.8 < error[1:].std() < 1.2


def test_thresholds_are_probabilities_to_one_in_two_to_the_32():
    np.testing.assert_allclose(THRESHOLDS / 2**32, np.arange(256) / (5.5 * 255), atol=2**-32)


def test_any_sample_can_be_repeated_alone_and_differs_from_every_other():
    image = np.full(30, 200, dtype=np.uint8)
    first = Encoder(5, TRAIN_SPLIT, 120)
    batch = [first.encode(image, index) for index in range(4)]
    np.testing.assert_array_equal(Encoder(5, TRAIN_SPLIT, 120).encode(image, 3), batch[3])
    others = [
        first.encode(image, 2),
        Encoder(5, TEST_SPLIT, 120).encode(image, 3),
        Encoder(6, TRAIN_SPLIT, 120).encode(image, 3),
        Encoder(5 + 2**32, TRAIN_SPLIT, 120).encode(image, 3),
    ]
    for other in others:
        assert (other != batch[3]).any()


def test_a_longer_train_begins_with_the_shorter_one():
    image = np.arange(50, dtype=np.uint8) * 5
    short, long = (Encoder(1, TRAIN_SPLIT, n).encode(image, 0) for n in (35, 99))
    np.testing.assert_array_equal(short, long[:35])
