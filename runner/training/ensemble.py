"""Networks that answer together: the mean of their outputs."""

from collections.abc import Sequence

import keras


def averaged(networks: Sequence[keras.Model]) -> keras.Model:
    """A network whose outputs are the means of those of some networks, at least two, which it holds.

    All have the same inputs and outputs. It is made of Keras' own layers, so that the file of it loads anywhere.
    """
    for number, network in enumerate(networks):
        network.name = f"network_{number}"  # layers of one network need names of their own
    inputs = keras.Input(networks[0].input_shape[1:], dtype=networks[0].inputs[0].dtype)
    return keras.Model(inputs, keras.layers.Average()([network(inputs) for network in networks]), name="ensemble")
