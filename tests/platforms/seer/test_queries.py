"""Documents are valid against the reconstructed schema, and literals are escaped."""

from __future__ import annotations

import pytest
from graphql import parse, print_ast
from hypothesis import given
from hypothesis import strategies as st

from penstock.platforms.seer import queries

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_a_quoted_string_reads_back(text):
    [definition] = parse(f"{{ f(a: {queries.quoted(text)}) }}").definitions
    assert definition.selection_set.selections[0].arguments[0].value.value == text


def test_an_id_cannot_break_out_of_its_string():
    document = queries.segment_urls(['x"]) { id } evil(a: ["', "back\\slash", "new\nline"])
    [definition] = parse(document).definitions
    [field] = definition.selection_set.selections
    assert field.name.value == "studyChannelGroupSegments"
    assert len(field.arguments[0].value.values) == 3


def test_chunk_keys_keep_their_order():
    text = print_ast(parse(queries.chunk_urls([("b", 2), ("a", 1)], s3=False)))
    assert text.index('"b"') < text.index('"a"')
    assert "s3Urls: false" in text


@pytest.mark.parametrize("name", ["STUDIES", "STUDY", "METADATA", "MORE_SEGMENTS", "SEGMENTS"])
def test_documents_parse(name):
    assert parse(getattr(queries, name)).definitions
