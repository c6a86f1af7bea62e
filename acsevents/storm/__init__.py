"""The storm: a rehearsal that proves from the tables alone that nothing is lost, whatever fails on the way."""
