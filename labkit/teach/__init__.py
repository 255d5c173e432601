"""What makes a notebook a lesson: checked parameters, predictions first, exercises that judge.

A notebook calls ``start`` at its top, ``reveal`` after each prediction, ``publish`` for its
headline, and ``exercise("topic.name")`` at its end.
"""

from labkit.teach import judges
from labkit.teach.exercise import Exercise, Verdict, all_exercises, exercise
from labkit.teach.predict import Reveal, reveal
from labkit.teach.provenance import git_revision, installed_version, provenance
from labkit.teach.publish import RESULT_MIME, Published, publish
from labkit.teach.schema import PROFILES, Parameter, Schema, parse_parameters
from labkit.teach.scores import Score, ScoreCard, forget, score
from labkit.teach.start import Run, start

__all__ = [
    "PROFILES",
    "RESULT_MIME",
    "Exercise",
    "Parameter",
    "Published",
    "Reveal",
    "Run",
    "Schema",
    "Score",
    "ScoreCard",
    "Verdict",
    "all_exercises",
    "exercise",
    "forget",
    "git_revision",
    "installed_version",
    "judges",
    "parse_parameters",
    "provenance",
    "publish",
    "reveal",
    "score",
    "start",
]
