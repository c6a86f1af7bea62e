"""The storm: a failure test that proves from the tables alone that nothing is lost."""
