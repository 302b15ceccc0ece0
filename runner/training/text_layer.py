"""The step from a text to a row of the data set as a part of a network, by Keras' TextVectorization."""

import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runner.datasets.encoding import MULTI_HOT, TF_IDF
from runner.datasets.text import Tokenizer, Vocabulary


def rows(texts: Any, vocabulary: Vocabulary) -> Any:
    """Texts, string [batch], as Vocabulary.encode makes rows of them, float32 [batch, columns]."""
    never = vocabulary.tokenizer.split  # no word holds it, so its column stays zero
    layer = keras.layers.TextVectorization(
        standardize=lambda given: _standardized(given, vocabulary.tokenizer),
        split=lambda given: _divided(given, vocabulary.tokenizer),
        ngrams=vocabulary.ngrams if vocabulary.ngrams > 1 else None,
        output_mode="multi_hot" if vocabulary.form == MULTI_HOT else "count",
        vocabulary=[*vocabulary.words, never],
    )
    occurs = keras.ops.cast(layer(texts), "float32")
    with_start = keras.ops.concatenate([occurs, keras.ops.ones_like(occurs[:, :1])], axis=1)
    features = keras.ops.take(with_start, _sources(vocabulary), axis=1)
    if vocabulary.form != TF_IDF:
        return features
    return keras.ops.normalize(features * np.asarray(vocabulary.weights, np.float32), axis=1)


def _sources(vocabulary: Vocabulary) -> NDArray[np.int32]:
    """For each column of the data set, [columns], the one in which it stands before.

    Before stand the words that are not listed (0), those listed (from 1), one that never occurs, and ones.
    """
    listed = len(vocabulary.words)
    never, ones = listed + 1, listed + 2
    sources = np.full(vocabulary.columns, never, np.int32)
    sources[vocabulary.first_word : vocabulary.first_word + listed] = np.arange(1, listed + 1)
    if vocabulary.unknown is not None:
        sources[vocabulary.unknown] = 0
    if vocabulary.start is not None:
        sources[vocabulary.start] = ones
    return sources


def _standardized(texts: tf.Tensor, tokenizer: Tokenizer) -> tf.Tensor:
    if tokenizer.lower:
        # TensorFlow ends a text at its first NUL there, and makes another letter of I on a Turkish machine.
        texts = tf.strings.lower(tf.strings.regex_replace(texts, r"\x00", "\x01"))
        texts = tf.strings.lower(texts, encoding="utf-8")
    if tokenizer.filters:
        texts = tf.strings.regex_replace(texts, f"[{re.escape(tokenizer.filters)}]", tokenizer.split)
    return texts


def _divided(texts: tf.Tensor, tokenizer: Tokenizer) -> tf.RaggedTensor:
    """Keras' own division takes other white space than a blank for a blank, which the words of IMDB do not."""
    words = tf.strings.split(texts, sep=tokenizer.split)
    return tf.ragged.boolean_mask(words, words != "")
