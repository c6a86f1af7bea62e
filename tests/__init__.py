"""The tests of the app; `python -m tests.samples` writes the goldens beside the samples anew."""
