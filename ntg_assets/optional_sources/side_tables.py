"""Attributes, contracts and payments: read with the other lists and logs, isolated likewise."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import polars as pl

from ntg_assets.attributes.reading import (
    KEY as ATTRIBUTES_KEY,
)
from ntg_assets.attributes.reading import no_attributes, read_attributes
from ntg_assets.attributes.report import SOURCE_TYPES, source_rows
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place
from ntg_assets.subscriptions.terms.payments import KEY as PAYMENTS_KEY
from ntg_assets.subscriptions.terms.payments import ReadPayments, no_payments, read_payments
from ntg_assets.subscriptions.terms.reading import KEY as SUBSCRIPTIONS_KEY
from ntg_assets.subscriptions.terms.reading import (
    ReadTerms,
    no_terms,
    read_subscriptions,
)
from ntg_assets.subscriptions.terms.refused_rows import REFUSED_TYPES
from ntg_assets.subscriptions.terms.term_checks import concat_checks

WITHOUT_ATTRIBUTES = "nothing is known of its attributes, and who needs one is not contacted"
WITHOUT_CONTRACTS = "every contact list is withheld, and nothing is said of contracts"
WITHOUT_PAYMENTS = "failures and refunds are not seen"


class Reader(Protocol):
    """Reads a source and judges it; None when it cannot be read."""

    def read(
        self,
        source: str,
        files: Sequence[str],
        read: Callable[[], Any],
        *,
        found: Callable[[Any], Any],
        without: str,
    ) -> Any:  # noqa: ANN401  # what the source's reader gives
        """Read one source.

        Args:
            source: Key of the source.
            files: Names and globs.
            read: Reads it.
            found: What there is to say of what was read.
            without: What follows when it cannot be read.
        """


class SideTables(NamedTuple):
    """The tables that are made of them, in the order in which they are stored."""

    attributes: pl.DataFrame
    attribute_sources: pl.DataFrame
    subscription_terms: pl.DataFrame
    subscription_payments: pl.DataFrame
    subscription_quarantine: pl.DataFrame
    subscription_checks: pl.DataFrame


def read_side_tables(
    settings: Settings,
    judged: Reader,
    *,
    place: Place,
    ids: IdTypes,
    possible: PossibleTimes,
    found: Callable[[int, int, str], object],
) -> SideTables:
    """Read attributes, contracts and payments.

    Args:
        settings: The configuration.
        judged: Where the verdicts go.
        place: Where files may lie.
        ids: How the log writes ids.
        possible: When things can have happened.
        found: Makes what there is to say of a source from files, rows and a sentence.
    """
    zone = settings.ingest.zone
    attributes, sources = [no_attributes()], [pl.DataFrame(schema=SOURCE_TYPES)]
    for source in settings.ingest.attributes.sources:
        facts = judged.read(
            f"{ATTRIBUTES_KEY} ({', '.join(source.attributes)})",
            source.files,
            partial(
                read_attributes,
                source,
                place=place,
                ids=ids,
                zone=zone,
                roles=settings.ingest.attributes,
                possible=possible,
            ),
            found=lambda entry: found(entry.n_files, entry.rows.height, entry.sentence),
            without=WITHOUT_ATTRIBUTES,
        )
        if facts is not None:
            attributes.append(facts.rows)
            sources.append(source_rows(source, facts))
    terms, paid = _contracts(settings, judged, place=place, ids=ids, possible=possible, found=found)
    read = [entry for entry in (terms, paid) if entry is not None]
    return SideTables(
        pl.concat(attributes),
        pl.concat(sources),
        terms.terms if terms else no_terms(ids),
        paid.payments if paid else no_payments(),
        pl.concat([pl.DataFrame(schema=REFUSED_TYPES), *(entry.refused for entry in read)]),
        concat_checks([entry.checks for entry in read]),
    )


def _contracts(
    settings: Settings,
    judged: Reader,
    *,
    place: Place,
    ids: IdTypes,
    possible: PossibleTimes,
    found: Callable[[int, int, str], object],
) -> tuple[ReadTerms | None, ReadPayments | None]:
    zone = settings.ingest.zone
    contracts, attempts = settings.ingest.subscriptions, settings.ingest.payments
    if contracts is None:
        return None, None
    terms: ReadTerms | None = judged.read(
        SUBSCRIPTIONS_KEY,
        contracts.files,
        lambda: read_subscriptions(contracts, place=place, ids=ids, zone=zone, possible=possible),
        found=lambda entry: found(entry.n_files, entry.terms.height, entry.sentence),
        without=WITHOUT_CONTRACTS,
    )
    if attempts is None or terms is None:
        return terms, None
    held = terms.terms
    paid: ReadPayments | None = judged.read(
        PAYMENTS_KEY,
        attempts.files,
        lambda: read_payments(
            attempts, contracts, terms=held, place=place, zone=zone, possible=possible
        ),
        found=lambda entry: found(entry.n_files, entry.payments.height, entry.sentence),
        without=WITHOUT_PAYMENTS,
    )
    return terms, paid
