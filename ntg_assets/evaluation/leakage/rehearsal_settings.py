"""The configuration as the planted world is made with it: modelling as it is, everything that names
files or columns as the world has it.
"""

from datetime import timedelta

from ntg_assets.configuration.inputs.attributes import (
    AttributeSettings,
    AttributeSourceSettings,
    AvailabilitySettings,
    ConsentSettings,
)
from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.configuration.inputs.subscriptions import ConversionSettings, SubscriptionSettings
from ntg_assets.configuration.revenue import INDEX, RadarSettings, ValueSettings
from ntg_assets.configuration.rules import ItemListSettings
from ntg_assets.configuration.settings import Settings
from ntg_assets.evaluation.leakage.planted_world import facts
from ntg_assets.evaluation.leakage.planted_world.log import STARTS_ON, TRAIN_HORIZONS, ZONE
from ntg_assets.evaluation.leakage.planted_world.subscribers import MAIN, SECOND

FEW_SAMPLES = 200  # of a bootstrap: intervals are not what is asked here
RATE, RATES_OF = 0.5, "2019-01-01"
PLANTED = ["planted"]  # files that nobody reads


def rehearsal_settings(settings: Settings) -> Settings:
    """The configuration as the planted world is made with it: modelling as it is, dates, zone,
    contracts, attributes and lists of the world, no files.
    """
    value = _value(settings.value)
    return settings.model_copy(
        update={
            "split": settings.split.model_copy(update=_boundaries(settings.churn.horizon_days)),
            "ingest": _ingest(settings.ingest),
            "ranking": settings.ranking.model_copy(
                update={
                    "rules": settings.ranking.rules.model_copy(
                        update={"exclude_items_file": ItemListSettings(files=PLANTED)}
                    )
                }
            ),
            "subscriptions": _subscriptions(settings.subscriptions, unit=value.unit),
            "value": value,
            "radar": _radar(settings.radar),
            "gate": settings.gate.model_copy(update={"bootstrap_samples": FEW_SAMPLES}),
        }
    )


def _boundaries(horizon_days: int) -> dict[str, str]:
    horizon = timedelta(days=horizon_days)
    val_on = STARTS_ON + TRAIN_HORIZONS * horizon
    return {
        "strategy": "global_time",
        "boundaries": "dates",
        "val_start": val_on.isoformat(),
        "test_start": (val_on + horizon).isoformat(),
    }


def _ingest(ingest: IngestSettings) -> IngestSettings:
    sources = [
        AttributeSourceSettings(
            entity=entity,
            files=PLANTED,
            id="id",
            known_from="known_from",
            attributes={name: name for name in names},
        )
        for entity, names in (("user", facts.USER_FACTS), ("item", facts.ITEM_FACTS))
    ]
    attributes = AttributeSettings(
        sources=sources,
        consent=ConsentSettings(attribute=facts.CONSENT, granted=[facts.YES]),
        availability=AvailabilitySettings(
            available_from=facts.OPENS,
            available_until=facts.CLOSES,
            regions=facts.REGIONS,
            user_region=facts.REGION,
        ),
    )
    return ingest.model_copy(
        update={
            "service_timezone": ZONE,
            "attributes": attributes,
            "subscriptions": None,  # tables are given, nothing is read
            "payments": None,
        }
    )


def _value(value: ValueSettings) -> ValueSettings:
    """Count in money, so that subscribers and all others can stand on one list."""
    if value.unit != INDEX or value.basis != "active_days":
        return value
    money = {"unit": MAIN.lower(), "price_per_active_day": value.day_price}
    return value.model_copy(update=money)


def _subscriptions(settings: SubscriptionSettings, *, unit: str) -> SubscriptionSettings:
    currency = MAIN if unit == INDEX else unit.upper()
    rates = {name: RATE for name in (MAIN, SECOND) if name != currency}
    return settings.model_copy(
        update={
            "signals": {"finished": ["finish"]},
            "attributes": [facts.CHANNEL],
            "acquisition_cost": facts.COST,
            "acquisition_channel": facts.CHANNEL,
            "conversion": ConversionSettings(currency=currency, rates=rates, rates_of=RATES_OF),
        }
    )


def _radar(radar: RadarSettings) -> RadarSettings:
    handover = radar.handover.model_copy(update={"attributes": [facts.REGION, facts.CHANNEL]})
    no_files = {"opt_out_file": None, "exclusion_file": None, "contact_log": None}
    return radar.model_copy(update={**no_files, "handover": handover})
