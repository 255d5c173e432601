"""Messages with personal data planted at known places, to measure a masker with."""

from __future__ import annotations

import re

import numpy as np

from labkit.data.prepare.text.personal import PersonalData, passes_luhn

__all__ = ["planted_messages"]

#: What a customer may write. Slots in capitals are filled; all else must stay unmasked, and
#: much of it looks like personal data: amounts, dates, order numbers, months, places.
_MESSAGES = (
    "Hi, my name is NAME and my card CARD was declined in Paris on 12/03/2024.",
    "Please send the receipt of order 4829-1173-2200 to EMAIL.",
    "You can reach me on PHONE after 17:30, ask for NAME.",
    "I paid 1,250.00 EUR to IBAN but the transfer of 14.02.2024 never arrived.",
    "Dear support, NAME here. The code 839201 does not work. Regards, NAME",
    "Transfer failed twice: reference 20240214001734, amount $3,499.99. Call PHONE.",
    "Why was May billed at 29.99 when April was 19.99? Mail me at EMAIL or EMAIL.",
    "The Visa ending in 4242 is fine, the other one, CARD, is not.",
    "Yesterday NAME from the London branch told me to write to EMAIL.",
    "Mrs NAME called PHONE about invoice 2024-000183 and got no answer.",
    "This is NAME, account IBAN, please close it by Monday.",
    "My new number is PHONE, the old one no longer works since March 3rd.",
    "Tracking number 9400110200881234567890 shows no progress since 10:45.",
    "Can I top up with Apple Pay in the United States? Limit 5000 per 24 hours.",
)
_GIVEN = (  # the second half is on no list of common names
    "James Mary Robert Linda Sarah Kevin Laura Peter Emma Daniel "
    "Aisha Bjorn Chidi Dmitri Eilidh Farid Giulia Hiroshi Ingrid Wei"
)
_FAMILY = "Abara Brown Costa Dubois Eriksen Fontaine Garcia Haddad Ivanova Jones Khan Lindqvist"
_DOMAINS = ("mail.com", "example.org", "post.co.uk", "uni-koeln.de")
_PHONES = ("+44 20 7### ####", "(4##) 555-2###", "4##-555-2###", "+49 30 #######", "020 7### ####")


def planted_messages(
    count: int, *, seed: int = 0
) -> tuple[tuple[str, ...], tuple[tuple[PersonalData, ...], ...]]:
    """Generated customer messages, and where their personal data is.

    Half of the given names are on common lists, half are not; card numbers and IBANs have
    right check digits; none belongs to anyone. The numbers around them are not personal.

    Args:
        count: how many messages.
        seed: of the choices.

    Returns:
        The texts, and the personal data of each.

    Example:
        >>> texts, truths = planted_messages(2, seed=3)
        >>> [texts[0][start:end] for start, end, _ in truths[0]]
        ['+44 20 7121 8850']
    """
    generator = np.random.default_rng(seed)
    texts, truths = [], []
    for _ in range(count):
        message, text, truth = str(generator.choice(_MESSAGES)), "", []
        for part in re.split(r"(NAME|CARD|EMAIL|IBAN|PHONE)", message):
            if part in _FILL:
                value = _FILL[part](generator)
                truth.append(PersonalData(len(text), len(text) + len(value), part))
                part = value
            text += part
        texts.append(text)
        truths.append(tuple(truth))
    return tuple(texts), tuple(truths)


def _name(generator: np.random.Generator) -> str:
    return f"{generator.choice(_GIVEN.split())} {generator.choice(_FAMILY.split())}"


def _email(generator: np.random.Generator) -> str:
    given, family = _name(generator).lower().split()
    domain = generator.choice(_DOMAINS)
    return f"{given}{generator.choice(['.', '_', ''])}{family}@{domain}"


def _digits(generator: np.random.Generator, count: int) -> str:
    return "".join(map(str, generator.integers(0, 10, count)))


def _card(generator: np.random.Generator) -> str:
    body = "4" + _digits(generator, 14)
    number = next(body + str(d) for d in range(10) if passes_luhn(body + str(d)))
    return str(generator.choice([" ", "-", ""])).join(re.findall("....", number))


def _iban(generator: np.random.Generator) -> str:
    account = _digits(generator, 18)
    check = 98 - int(account + "131400") % 97  # D is 13, E is 14
    return " ".join(re.findall(".{1,4}", f"DE{check:02d}{account}"))


def _phone(generator: np.random.Generator) -> str:
    form = str(generator.choice(_PHONES))
    return re.sub("#", lambda _: _digits(generator, 1), form)


_FILL = {"NAME": _name, "EMAIL": _email, "CARD": _card, "IBAN": _iban, "PHONE": _phone}
