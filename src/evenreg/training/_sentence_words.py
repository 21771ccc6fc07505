"""sentence_words: a sentence as the words that GloVe has vectors of."""

import re

# The first that fits: numbers with points or commas, initials, the stem of "don't", its end, the ends of "it's" and
# "they've", words with hyphens or apostrophes inside, rows of points or dashes, any other sign by itself.
_WORD = re.compile(
    r"""
    \d+ (?: [.,:] \d+ )+
    | (?: [^\W\d_] \. ){2,}
    | \w+? (?= n['’]t \b )
    | n['’]t \b
    | ['’] (?: s | m | d | re | ve | ll ) \b
    | \w+ (?: (?: - | ['’] (?! (?: s | m | d | t | re | ve | ll ) \b ) ) \w+ )*
    | \.{2,} | -{2,}
    | [^\w\s]
    """,
    re.VERBOSE | re.IGNORECASE,
)


def sentence_words(sentence: str) -> list[str]:
    """Words and signs of a sentence, case kept.

    Why: the vectors of GloVe are of words as the Penn Treebank cuts them, "don't" in two; a cut at blanks alone would
    find no vector for "mat." or "it's". A typographic apostrophe counts as a plain one.

    Args:
        sentence: Any text.

    Example:
        >>> sentence_words("It isn't 3.5 kg, says O'Neill's well-known U.S. friend...")
        ['It', 'is', "n't", '3.5', 'kg', ',', 'says', "O'Neill", "'s", 'well-known', 'U.S.', 'friend', '...']

    The papers' own cut is `word_tokenize` of the library NLTK; this one is simpler and differs in rare cases, such as
    quotation marks, which stay as they are.
    """
    return [word.replace("’", "'") for word in _WORD.findall(sentence)]
