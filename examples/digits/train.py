"""Train one model and write how well it does."""

import json
import pathlib
import sys

import numpy
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODELS = {
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "forest": lambda: RandomForestClassifier(n_estimators=100, random_state=0),
}

name, data, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
digits = numpy.load(data / "digits.npz")
model = MODELS[name]().fit(digits["train_x"], digits["train_y"])
accuracy = model.score(digits["test_x"], digits["test_y"])
(out / "result.json").write_text(json.dumps({"model": name, "accuracy": accuracy}))
print(f"{name}: {accuracy:.4f} of the test digits are right")
