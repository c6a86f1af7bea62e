"""The impure edge: where rows are written and read."""
