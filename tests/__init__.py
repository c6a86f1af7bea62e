"""The tests of the app; `make goldens` writes the goldens of the samples."""
