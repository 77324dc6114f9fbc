"""Split the digits that come with scikit-learn into training and test data."""

import argparse
import pathlib

import numpy
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--test-share", type=float, required=True)
arguments.add_argument("--seed", type=int, required=True)
arguments.add_argument("out", type=pathlib.Path)
options = arguments.parse_args()

pixels, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(
    pixels, labels, test_size=options.test_share, random_state=options.seed, stratify=labels
)
numpy.savez(options.out / "digits.npz", train_x=train_x, test_x=test_x, train_y=train_y, test_y=test_y)
print(f"{len(train_y)} digits to train on, {len(test_y)} to test with")
