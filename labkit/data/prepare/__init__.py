"""From raw data to arrays that can be trained on.

================ ======================================================================
``tables``       clean, impute, scale, encode, balance; find wrong labels
``splits``       stratified, grouped and time-ordered row numbers
``leakage``      checks that fail loudly where the test set reaches the training
``images``       resize, crop, flip, colour, erase, mix: jitted, batched, on the device
``text``         normalise, tokenise, pad, bucket; mask personal data
``series``       windows, resampling, spectrograms
================ ======================================================================
"""
