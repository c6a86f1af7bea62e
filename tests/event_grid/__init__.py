"""Tests of the Event Grid stand-in, with the real publisher clients and a scripted webhook."""
