"""Tests of the pure core. None of them touches the network, the disk or the clock."""
