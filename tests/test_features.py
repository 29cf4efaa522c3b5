"""Hidden features and their embedding."""

import numpy as np
from small_data import random_dataset, random_network

from dfa_utils.features import embed, extract_features
from dfa_utils.learning_rules import backward_propagation


def test_features_are_the_outputs_of_the_hidden_layers():
    params, _ = random_network(backward_propagation, (0, 1))
    x = random_dataset().test_images
    first, second = extract_features(params, x)
    expected = np.tanh(x @ params[0].weights + params[0].biases)
    np.testing.assert_allclose(first, expected)
    np.testing.assert_allclose(second, np.tanh(expected @ params[1].weights + params[1].biases))


def test_embedding_separates_clusters_and_repeats():
    data = random_dataset(test=60)
    points = embed(data.test_images)
    np.testing.assert_array_equal(points, embed(data.test_images))
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (data.test_labels[distances.argmin(axis=1)] == data.test_labels).mean() > 0.9
