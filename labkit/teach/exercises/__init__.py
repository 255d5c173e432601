"""The exercises, one module per topic, each with a tuple ``EXERCISES``.

Adding one: add it to its topic here, use it in the notebook, and add its planted wrong
and right answers to ``tests/teach/answers/<topic>.py``.
"""
