"""Compare the models: one folder for each is below the folder given."""

import json
import pathlib
import sys

results = [json.loads(path.read_text()) for path in sorted(pathlib.Path(sys.argv[1]).glob("*/result.json"))]
for result in sorted(results, key=lambda result: -result["accuracy"]):
    print(f"{result['model']:10} {result['accuracy']:.4f}")
print(f"best: {max(results, key=lambda result: result['accuracy'])['model']}")
