"""Tables that other methods' trainings made: found, and read as models in the format of this module."""
