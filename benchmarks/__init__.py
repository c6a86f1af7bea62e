"""Measure the speed and cost of an event, and compare them with other implementations."""
