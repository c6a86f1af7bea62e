"""The storm: a failure test that proves from the tables alone that no event is lost."""
