"""Landmarks -> numbers. Pure: numpy, scipy and pandas; no pixels, no files, no network."""
