"""List prices for the computed cost: 2025, United States, in dollars, without free grants.

Enter your own prices here and run `python -m benchmarks.quotes`.
"""

from typing import Final

EVENT_GRID_MILLION: Final = 0.60
"""A million operations: https://azure.microsoft.com/pricing/details/event-grid/"""

EXECUTIONS_MILLION: Final = 0.40
"""A million executions on Flex Consumption: https://azure.microsoft.com/pricing/details/functions/"""

GB_SECOND: Final = 0.000026
"""A GB-second of an on-demand instance, the same page."""

TABLE_REQUESTS_MILLION: Final = 0.036
"""A million requests, where a transaction of up to 100 rows is one: https://azure.microsoft.com/pricing/details/storage/tables/"""

TABLE_GB_MONTH: Final = 0.045
"""A GB for a month with local redundancy, the same page; zone redundancy is about a quarter more."""
