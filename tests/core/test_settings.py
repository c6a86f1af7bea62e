"""Settings: the account that they name, or an error that names the setting and never its value."""

import pytest

from shared.errors import SettingsError
from shared.storage.settings import Account, read_settings

SECRET = "DefaultEndpointsProtocol=https;AccountName=name;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
URI = "https://name.table.core.windows.net"


@pytest.mark.parametrize(
    ("environment", "account"),
    [
        ({"EventTables": SECRET}, Account("EventTables", connection_string=SECRET)),
        ({"EventTables": f" {SECRET}\n"}, Account("EventTables", connection_string=SECRET)),
        ({"EventTables": "UseDevelopmentStorage=true"}, Account("EventTables", "UseDevelopmentStorage=true")),
        ({"EventTables__tableServiceUri": f"{URI}/"}, Account("EventTables__tableServiceUri", endpoint=URI)),
        (
            {"EventTables__tableServiceUri": URI, "EventTables__clientId": "1"},
            Account("EventTables__tableServiceUri", endpoint=URI, client_id="1"),
        ),
        ({"AzureWebJobsStorage": SECRET}, Account("AzureWebJobsStorage", connection_string=SECRET)),
        (
            {"AzureWebJobsStorage__tableServiceUri": URI, "AzureWebJobsStorage__clientId": "1"},
            Account("AzureWebJobsStorage__tableServiceUri", endpoint=URI, client_id="1"),
        ),
        ({"EventTables": "", "AzureWebJobsStorage": SECRET}, Account("AzureWebJobsStorage", connection_string=SECRET)),
        (
            {"EventTables__tableServiceUri": URI, "AzureWebJobsStorage": SECRET},
            Account("EventTables__tableServiceUri", endpoint=URI),
        ),
    ],
)
def test_settings_name_one_account(environment: dict[str, str], account: Account) -> None:
    """`EventTables` wins over `AzureWebJobsStorage`; either may be a connection string or a URL for an identity."""
    assert read_settings(environment) == account


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, ["EventTables", "EventTables__tableServiceUri"]),
        ({"EventTables": "  "}, ["EventTables", "EventTables__tableServiceUri"]),
        ({"EventTables": SECRET, "EventTables__tableServiceUri": URI}, ["EventTables", "EventTables__tableServiceUri"]),
        (
            {"AzureWebJobsStorage": SECRET, "AzureWebJobsStorage__tableServiceUri": URI},
            ["AzureWebJobsStorage", "AzureWebJobsStorage__tableServiceUri"],
        ),
        ({"EventTables__tableServiceUri": "http://c2VjcmV0.example"}, ["EventTables__tableServiceUri", "https"]),
        ({"EventTables__tableServiceUri": "c2VjcmV0"}, ["EventTables__tableServiceUri", "https"]),
        ({"EventTables__clientId": "c2VjcmV0"}, ["EventTables__clientId", "EventTables__tableServiceUri"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(environment: dict[str, str], named: list[str]) -> None:
    """Missing, contradictory or unusable; the value is never in the message, for it may be a key."""
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)

    assert [name for name in named if name not in str(caught.value)] == []
    assert "c2VjcmV0" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_an_account_never_shows_its_key() -> None:
    """It may be logged by accident."""
    assert repr(read_settings({"EventTables": SECRET})) == "<Account from EventTables>"
