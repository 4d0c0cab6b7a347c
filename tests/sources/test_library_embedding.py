import logging

import numpy as np
import pytest

from lyo.sources.library.embedding import DIMENSIONS, embed


def test_vectors_have_length_one_and_like_texts_are_near() -> None:
    plants, sugar, war = embed(["photosynthesis in plants", "plants turn sunlight into sugar", "the Second World War"])
    assert plants.shape == (DIMENSIONS,)
    assert np.linalg.norm(plants) == pytest.approx(1, abs=1e-5)
    assert plants @ sugar > plants @ war + 0.1


def test_nothing_is_a_vector_of_zeros() -> None:
    assert embed([]).shape == (0, DIMENSIONS)
    assert not embed([""]).any()


def test_many_texts_come_back_in_their_order() -> None:
    texts = [f"number {at}" for at in range(2100)]
    many = embed(texts)
    assert np.allclose(many[2099], embed([texts[2099]])[0], atol=1e-6)


def test_the_model_leaves_our_logging_alone() -> None:
    before = list(logging.getLogger().handlers)
    embed(["x"])
    assert logging.getLogger().handlers == before
