"""One file per format. Each offers `read_split(**files, **options) -> Parts`.

A reader is handed paths and trusts nothing in them: whatever a file holds, it returns arrays or
raises `DataError`. It runs no code from a file, and imports heavy libraries only when called.
"""
