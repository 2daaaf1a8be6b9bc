"""Catalogues: from an object table to each row's own fit request, and from their answers to one table. No torch.

Start at `plan.plan_catalogue`: it reads the table (`object_table`), the frames that all rows share (`frames`) and where
rows lie among each other (`neighbourhood`), and finds what is wrong with the whole before a row is fitted. `expansion`
makes requests of rows; `answer_columns` says what the answer's columns are, and `answer_table` writes it.
`fitting.catalogue_fits` fits.
"""

from fitting.catalogues.answer_choice import ChosenRows, RowChoice, answer_page, check_choice
from fitting.catalogues.answer_columns import (
    COVARIANCE,
    CRITERIA,
    GOODNESS,
    KINDS,
    QUANTILES,
    ROW,
    AnswerColumn,
    column_name,
    is_of_row,
    kinds_of,
    number_columns,
)
from fitting.catalogues.answer_table import TABLE_FORMATS, AnswerPart, AnswerParts, crashed_row, plain_row, write_answer
from fitting.catalogues.expansion import Expansion, RowRequest
from fitting.catalogues.frames import Locate
from fitting.catalogues.object_table import TABLES, ObjectColumn, ObjectRows, read_objects, write_rows
from fitting.catalogues.plan import CataloguePlan, plan_catalogue

__all__ = [
    "COVARIANCE",
    "CRITERIA",
    "GOODNESS",
    "KINDS",
    "QUANTILES",
    "ROW",
    "TABLES",
    "TABLE_FORMATS",
    "AnswerColumn",
    "AnswerPart",
    "AnswerParts",
    "CataloguePlan",
    "ChosenRows",
    "Expansion",
    "Locate",
    "ObjectColumn",
    "ObjectRows",
    "RowChoice",
    "RowRequest",
    "answer_page",
    "check_choice",
    "column_name",
    "crashed_row",
    "is_of_row",
    "kinds_of",
    "number_columns",
    "plain_row",
    "plan_catalogue",
    "read_objects",
    "write_answer",
    "write_rows",
]
