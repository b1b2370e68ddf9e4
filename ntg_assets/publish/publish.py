"""Publish what the warehouse holds."""

from dataclasses import replace

from ntg_assets.publish.generations.publication import Publication, publish_generation
from ntg_assets.publish.write_generation import Publisher, name_generation, write_generation


def publish(publisher: Publisher, *, run: str) -> Publication:
    """Write a generation unless it is there, and make it current or keep it aside.

    Args:
        publisher: What is published.
        run: Who publishes.
    """
    paths, name = publisher.paths, name_generation(publisher)
    return publish_generation(
        paths,
        name,
        write=lambda making: write_generation(replace(publisher, paths=paths.at(making)), name),
        settings=publisher.settings.publish,
        ids=publisher.ids,
        run=run,
    )
