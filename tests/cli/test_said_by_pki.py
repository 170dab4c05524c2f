"""What verifying and signing say is Vietnamese as a whole: no English sentence behind a Vietnamese headline."""

from __future__ import annotations

import pytest

from kyso_cli.messages import Words
from kyso_pki.reports.said import advice, in_words

from .sentences import FILLED, findings, observations, sentences

WORDS = Words("vi")
ELSEWHERE = ("csc", "testing.py")
"""What a server of CSC refuses has the words of the specification; the other is for tests."""
COMPOSED = {
    # Told from parts; the whole sentences are in the catalogue.
    "PDF: 0",
    "0 0; whom it names is not trusted any more by that word.",
    "0 would leave page 0: it reaches from 0, 0 to 0, 0 mm, the page has 0 x 0 mm.",
    "00 would leave page 0: it reaches from 0, 0 to 0, 0 mm, the page has 0 x 0 mm.",
    "The signature field 0 on 0, is not listed by the form; some programs show it.",
    "An annotation on 0, cannot be read, so that a signature may hide in it: 0",
    # Commands, and what has none but names.
    "pip install 'kyso[appearance]'",
    "pip install 'kyso[xml]'",
    "There is 0.",
    "00",
}
SAID = sorted(sentences("pki", left_out=ELSEWHERE) - COMPOSED)
PARTS = {"The signature in object 0, made in revision 0", "The certificate of 0 0.", "0; the signer said 0."}
TOLD = sorted((code, text) for code, text in findings("pki") if text not in PARTS)


@pytest.mark.parametrize("english", SAID)
def test_what_is_refused_is_told_in_vietnamese_with_what_to_do(english: str) -> None:
    assert advice(english, WORDS) is not None


@pytest.mark.parametrize(("code", "english"), TOLD, ids=[f"{code}: {text[:60]}" for code, text in TOLD])
def test_what_is_found_is_told_in_vietnamese_as_a_whole(code: str, english: str) -> None:
    """A headline that ends in a colon is followed by the sentence, which then has to be Vietnamese too."""
    headline = WORDS.find(f"findings.{code}") if code.isupper() or "." in code else "a kind of change:"
    if headline is None:
        pytest.skip("worth a word to programmers only (severity info), told in English")
    if headline.endswith(":"):
        assert in_words(english, WORDS) != english


@pytest.mark.parametrize("english", sorted(observations("pki")))
def test_what_the_linter_saw_is_told_in_vietnamese(english: str) -> None:
    assert in_words(english, WORDS) != english


def test_the_sentences_are_found_in_the_sources() -> None:
    assert len(SAID) > 700
    assert len(observations("pki")) > 40
    assert len(TOLD) > 50 and any(FILLED in text for _, text in TOLD)


def test_a_sentence_with_much_that_is_fixed_stands_before_one_with_little() -> None:
    """`{where} cannot be read: {why}.` would take what is said of a certificate."""
    said = in_words("The certificate of CA 1 cannot be read: DER: no bytes where a structure must be.", WORDS)
    assert said == "Không đọc được chứng thư của CA 1: DER: không có byte nào ở chỗ phải có cấu trúc."


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        (
            "The signature in object 7, made in revision 2, was taken away or replaced in revision 3.",
            "Chữ ký ở đối tượng 7, tạo trong phiên bản 2, đã bị gỡ hoặc thay trong phiên bản 3.",
        ),
        (
            "The stamp would leave page 2: it reaches from 180, 5 to 220, 40 mm, the page has 210 x 297 mm.",
            "Hình chữ ký sẽ ra ngoài trang 2: kéo từ 180, 5 đến 220, 40 mm, trang rộng 210 x 297 mm.",
        ),
        (
            "PDF: object 7 is, or hides, a signature field outside the form: it is not listed by the form.",
            "PDF: đối tượng 7 là, hoặc che giấu, một ô chữ ký nằm ngoài biểu mẫu: biểu mẫu không liệt kê nó.",
        ),
        (
            "The signature field 'Sig2' on page 3, object 9, is not listed by the form; some programs show it.",
            "Ô chữ ký 'Sig2' ở trang 3, đối tượng 9, không được biểu mẫu liệt kê; một số chương trình vẫn hiển thị.",
        ),
        (
            "List tl-vn #7 is closed; whom it names is not trusted any more by that word.",
            "List tl-vn #7 đã đóng; những ai nó nêu không còn được tin cậy theo đó.",
        ),
        (
            "The certificate request is refused: the subject has no common name; CN is empty.",
            "Yêu cầu cấp chứng thư bị từ chối: chủ thể không có tên (CN); CN để trống.",
        ),
        (
            "Object 'x' calls itself 'text/html', which nothing signs; the signer said text/plain.",
            "Object 'x' tự ghi là 'text/html', phần này không được ký; người ký ghi là text/plain.",
        ),
        (
            "the field 'Tiền' and an annotation of the kind 'Square' lie on each other",
            "trường 'Tiền' và chú giải loại 'Square' chồng lên nhau",
        ),
        ("the layer 'Ẩn': left out of exports", "lớp 'Ẩn': bị bỏ khi xuất"),
        (
            "The certificate of CA 1 is a CA and not for signing.",
            "Chứng thư của CA 1 là của CA, không dùng cho việc ký văn bản.",
        ),
    ],
)
def test_what_is_told_from_parts_is_told_as_a_whole(english: str, vietnamese: str) -> None:
    assert in_words(english, WORDS) == vietnamese
