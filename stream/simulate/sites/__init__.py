"""The sites that can be simulated, one for each preset."""

from collections.abc import Mapping

from stream.simulate.site import Site
from stream.simulate.sites.agency import AGENCY
from stream.simulate.sites.magazine import MAGAZINE
from stream.simulate.sites.shop import SHOP
from stream.simulate.sites.vendor import VENDOR

__all__ = ["AGENCY", "MAGAZINE", "SHOP", "SITES", "VENDOR"]

SITES: Mapping[str, Site] = {"ecommerce": SHOP, "saas": VENDOR, "content": MAGAZINE, "leads": AGENCY}
"""By the name of the preset that measures what happens there."""
