"""Settings: the account that they name, or an error that names the setting and never its value."""

import pytest

from shared.errors import SettingsError
from shared.storage.account import Account, AccountKey, Identity
from shared.storage.settings import read_settings

SECRET = "DefaultEndpointsProtocol=https;AccountName=name;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
KEY = AccountKey("name", "c2VjcmV0")
URI = "https://name.table.core.windows.net"
OTHER_URI = "https://other.table.core.windows.net"
HOSTS_ACCOUNT = {"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=hosts;AccountKey=aG9zdHM="}


@pytest.mark.parametrize(
    ("environment", "account"),
    [
        ({"EventTables": SECRET}, Account("EventTables", URI, KEY)),
        ({"EventTables": f" {SECRET}\n"}, Account("EventTables", URI, KEY)),
        ({"EventTables__tableServiceUri": f"{URI}/"}, Account("EventTables__tableServiceUri", URI, Identity())),
        (
            {"EventTables__tableServiceUri": URI, "EventTables__clientId": "1"},
            Account("EventTables__tableServiceUri", URI, Identity("1")),
        ),
        (
            {"EventTables__tableServiceUri": URI, "EventTables__credential": "ManagedIdentity"},
            Account("EventTables__tableServiceUri", URI, Identity(is_managed=True)),
        ),
        ({"AzureWebJobsStorage": SECRET}, Account("AzureWebJobsStorage", URI, KEY)),
        (
            {"AzureWebJobsStorage__tableServiceUri": URI, "AzureWebJobsStorage__clientId": "1"},
            Account("AzureWebJobsStorage__tableServiceUri", URI, Identity("1")),
        ),
        (
            {"AzureWebJobsStorage__accountName": "name"},
            Account("AzureWebJobsStorage__accountName", URI, Identity()),
        ),
        (
            {
                "AzureWebJobsStorage__accountName": "name",
                "AzureWebJobsStorage__clientId": "1",
                "AzureWebJobsStorage__credential": "managedidentity",
                "AzureWebJobsStorage__blobServiceUri": "https://name.blob.core.windows.net",
            },
            Account("AzureWebJobsStorage__accountName", URI, Identity("1", is_managed=True)),
        ),
        (
            {"AzureWebJobsStorage__accountName": "name", "AzureWebJobsStorage__tableServiceUri": URI},
            Account("AzureWebJobsStorage__tableServiceUri", URI, Identity()),
        ),
        ({"EventTables": "", "AzureWebJobsStorage": SECRET}, Account("AzureWebJobsStorage", URI, KEY)),
        (
            {"EventTables__tableServiceUri": URI, **HOSTS_ACCOUNT},
            Account("EventTables__tableServiceUri", URI, Identity()),
        ),
        ({"EVENTTABLES__TABLESERVICEURI": URI}, Account("EventTables__tableServiceUri", URI, Identity())),
    ],
)
def test_settings_name_one_account(environment: dict[str, str], account: Account) -> None:
    """`EventTables` precedes `AzureWebJobsStorage`; either is a connection string, or a URL for an identity."""
    assert read_settings(environment) == account


@pytest.mark.parametrize("endpoint", ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"])
@pytest.mark.parametrize("uri", ["EventTables__tableServiceUri", "AzureWebJobsStorage__tableServiceUri"])
def test_where_azure_provides_a_managed_identity_it_is_the_one(endpoint: str, uri: str) -> None:
    """The environment shows whether Azure provides one; elsewhere a developer's own sign-in is used."""
    assert read_settings({uri: URI}).credential == Identity(is_managed=False)
    assert read_settings({uri: URI, endpoint: "http://169.254.129.2:8081/msi/token"}).credential == Identity(
        is_managed=True
    )


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, ["EventTables", "EventTables__tableServiceUri"]),
        ({"EventTables": "  "}, ["EventTables", "EventTables__tableServiceUri"]),
        ({"EventTables": SECRET, "EventTables__tableServiceUri": URI}, ["EventTables", "EventTables__tableServiceUri"]),
        ({"EventTables": SECRET, "EventTables__clientId": "c2VjcmV0"}, ["EventTables and", "EventTables__clientId"]),
        ({"EventTables": SECRET, "EventTables__credential": "c2VjcmV0"}, ["EventTables__credential"]),
        ({"EventTables": SECRET, "EVENTTABLES": "c2VjcmV0"}, ["EventTables", "twice"]),
        (
            {"AzureWebJobsStorage": SECRET, "AzureWebJobsStorage__tableServiceUri": URI},
            ["AzureWebJobsStorage", "AzureWebJobsStorage__tableServiceUri"],
        ),
        (
            {"AzureWebJobsStorage": SECRET, "AzureWebJobsStorage__accountName": "c2VjcmV0"},
            ["AzureWebJobsStorage", "AzureWebJobsStorage__accountName"],
        ),
        (
            {"AzureWebJobsStorage__accountName": "c2VjcmV0", "AzureWebJobsStorage__tableServiceUri": URI},
            ["AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__accountName"],
        ),
        ({"AzureWebJobsStorage__accountName": "https://c2VjcmV0"}, ["AzureWebJobsStorage__accountName"]),
        ({"EventTables__tableServiceUri": "http://c2VjcmV0.example"}, ["EventTables__tableServiceUri", "https"]),
        ({"EventTables__tableServiceUri": "c2VjcmV0"}, ["EventTables__tableServiceUri", "https"]),
        ({"EventTables__tableServiceUri": f"{URI}?sig=c2VjcmV0"}, ["EventTables__tableServiceUri"]),
        ({"EventTables__tableServiceUri": "https://c2VjcmV0@a.example"}, ["EventTables__tableServiceUri"]),
        ({"EventTables__clientId": "c2VjcmV0"}, ["EventTables__clientId", "EventTables__tableServiceUri"]),
        ({"EventTables__credential": "managedidentity"}, ["EventTables__credential", "EventTables__tableServiceUri"]),
        (
            {"EventTables__tableServiceUri": URI, "EventTables__credential": "c2VjcmV0"},
            ["EventTables__credential", "managedidentity"],
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(environment: dict[str, str], named: list[str]) -> None:
    """Missing, contradictory or unusable; the message never has the value, which may be a key."""
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)

    assert [name for name in named if name not in str(caught.value)] == []
    assert "c2VjcmV0" not in f"{caught.value!r}{caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("misspelled", "right"),
    [
        ("EventTables__tableServiceUrl", "EventTables__tableServiceUri"),
        ("EventTables__tableserviceurl", "EventTables__tableServiceUri"),
        ("EventTables__serviceUri", "EventTables__tableServiceUri"),
        ("EventTables_tableServiceUri", "EventTables__tableServiceUri"),
        ("EventTables:tableServiceUri", "EventTables__tableServiceUri"),
        ("EventTable__tableServiceUri", "EventTables__tableServiceUri"),
        ("EventTables__client_id", "EventTables__clientId"),
        ("EventTables__credentials", "EventTables__credential"),
        ("EventTable", "EventTables"),
        ("EvenTables", "EventTables"),
        ("EVENT_TABLES__tableServiceUri", "EventTables__tableServiceUri"),
        ("EvnetTables:tableServiceUri", "EventTables__tableServiceUri"),
        ("EventTables__tenantId", "there are EventTables, EventTables__tableServiceUri, EventTables__clientId"),
        ("EventTables__accountName", "EventTables__tableServiceUri"),
        ("EventTables__something", "EventTables__tableServiceUri"),
    ],
)
@pytest.mark.parametrize("beside", [HOSTS_ACCOUNT, {"AzureWebJobsStorage__accountName": "hosts"}, {}])
def test_a_misspelled_setting_never_sends_records_to_the_hosts_account(
    misspelled: str, right: str, beside: dict[str, str]
) -> None:
    """An unknown setting with this app's prefix is an error that names it and the correct one."""
    with pytest.raises(SettingsError) as caught:
        read_settings({misspelled: OTHER_URI, **beside})

    problem, _, cure = str(caught.value).partition(" is no setting of this app: ")
    assert problem == misspelled
    assert right in cure
    assert "other" not in cure


@pytest.mark.parametrize(
    "name", ["EventHubs__fullyQualifiedNamespace", "EventStore", "EVENTS", "Tables", "TablesEvent"]
)
def test_a_setting_of_somebody_else_is_none_of_ours(name: str) -> None:
    """Other extensions of the host have connections too."""
    assert read_settings({name: OTHER_URI, "AzureWebJobsStorage__accountName": "hosts"}).setting.startswith("AzureWeb")


def test_a_misspelled_setting_is_an_error_beside_a_right_one_too() -> None:
    """It is not ignored."""
    with pytest.raises(SettingsError, match="EventTables__clientID2 is no setting of this app"):
        read_settings({"EventTables__tableServiceUri": URI, "EventTables__clientID2": "1"})


@pytest.mark.parametrize(
    "environment",
    [
        {"EventTables__tableServiceUri": "https://name.table.cosmos.azure.com"},
        {"EventTables__tableServiceUri": "https://name.table.cosmos.azure.com:443/"},
        {"EventTables__tableServiceUri": "https://NAME.TABLE.COSMOS.AZURE.CN"},
        {"EventTables__tableServiceUri": "https://name.table.cosmosdb.azure.com"},
        {"EventTables__tableServiceUri": "https://name.documents.azure.com:443/"},
        {"AzureWebJobsStorage__tableServiceUri": "https://name.table.cosmos.azure.com"},
        {"EventTables": f"{SECRET.rpartition(';')[0]};TableEndpoint=https://name.table.cosmos.azure.com:443/;"},
        {"EventTables": SECRET.replace("core.windows.net", "cosmos.azure.com")},
        {"EventTables": "AccountEndpoint=https://name.documents.azure.com:443/;AccountKey=c2VjcmV0;"},
        {"AzureWebJobsStorage": "TableEndpoint=https://n.table.cosmos.azure.us;SharedAccessSignature=sig=c2VjcmV0"},
    ],
)
def test_cosmos_db_is_refused_in_one_sentence(environment: dict[str, str]) -> None:
    """By URL or in a connection string, with the reason: its table API is not the same."""
    with pytest.raises(
        SettingsError, match=r"^[\w]+ names an endpoint of Cosmos DB, which .*Azure Table Storage$"
    ) as caught:
        read_settings(environment)

    assert "scope" in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_an_account_of_storage_may_be_called_cosmos() -> None:
    """Only the domain of the service decides."""
    account = read_settings({"EventTables__tableServiceUri": "https://cosmos.table.core.windows.net"})

    assert account.endpoint == "https://cosmos.table.core.windows.net"


@pytest.mark.parametrize(
    ("connection_string", "shown"),
    [
        (SECRET, "<AccountKey of name>"),
        (f"TableEndpoint={URI};SharedAccessSignature=sig=c2VjcmV0", "<Signature>"),
    ],
    ids=["key", "signature"],
)
def test_an_account_never_shows_its_key(connection_string: str, shown: str) -> None:
    """Its repr and those of its parts hide the key, since they may be logged by accident."""
    account = read_settings({"EventTables": connection_string})

    assert repr(account) == "<Account from EventTables>"
    assert repr(account.credential) == shown
    assert "c2VjcmV0" not in f"{account} {account.credential!r} {account.credential}"
