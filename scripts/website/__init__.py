"""The site: pages made from the notebooks, the docstrings and docs/, built by Sphinx."""
