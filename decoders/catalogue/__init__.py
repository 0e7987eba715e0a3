"""One model, one place: <vendor>/<model>.yaml or .py, with <model>.vectors.yaml beside it."""
