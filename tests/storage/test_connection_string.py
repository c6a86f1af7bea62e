"""Connection strings are read as by azure-data-tables and the Functions host."""

import re

import pytest
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.data.tables import TableServiceClient
from hypothesis import given
from hypothesis import strategies as st

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from shared.errors import SettingsError
from shared.storage.account import AccountKey, Signature
from shared.storage.connection_string import parse_connection_string

KEY = "c2VjcmV0LWtleQ=="
NAMED = f"AccountName=contoso;AccountKey={KEY}"
SIGNATURE = "sv=2019-02-02&ss=t&srt=sco&sp=rwdlacu&se=2030-01-01T00:00:00Z&sig=a%2Bb%3D"
SIGNED = f"SharedAccessSignature={SIGNATURE}"
EMULATOR = "http://127.0.0.1:10002/devstoreaccount1"

UNDERSTOOD = [
    f"DefaultEndpointsProtocol=https;{NAMED};EndpointSuffix=core.windows.net",
    f"DefaultEndpointsProtocol=http;{NAMED};EndpointSuffix=core.windows.net",
    f"DefaultEndpointsProtocol=https;{NAMED};EndpointSuffix=core.chinacloudapi.cn",
    f"DefaultEndpointsProtocol=http;{NAMED}",
    f"{NAMED};EndpointSuffix=core.usgovcloudapi.net",
    NAMED,
    f"{NAMED};",
    f"  {NAMED};;;\n",
    f"AccountKey={KEY};AccountName=contoso",
    f"accountname=contoso;ACCOUNTKEY={KEY};endpointsuffix=core.windows.net;defaultEndpointsProtocol=https",
    f"{NAMED};TableEndpoint=https://contoso.table.core.windows.net/",
    f"{NAMED};TableEndpoint=https://contoso.z01.table.storage.azure.net",
    f"{NAMED};TableEndpoint=contoso.table.core.windows.net",
    f"{NAMED};TableEndpoint=https://tables.contoso.example:8443;EndpointSuffix=elsewhere.example",
    f"{NAMED};TableEndpoint=HTTPS://contoso.table.core.windows.net",
    f"{NAMED};BlobEndpoint=https://b.example;QueueEndpoint=https://q.example;TableEndpoint=https://t.example",
    f"{NAMED};TableEndpoint=https://t.example;TableSecondaryEndpoint=https://t-secondary.example",
    f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};TableEndpoint=http://127.0.0.1:1234/{ACCOUNT};",
    f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};TableEndpoint=http://[::1]:1234/{ACCOUNT}",
    f"TableEndpoint=https://contoso.table.core.windows.net/;{SIGNED}",
    f"BlobEndpoint=https://contoso.blob.core.windows.net/;TableEndpoint=https://t.example/;{SIGNED}",
    f"TableEndpoint=https://contoso.table.core.windows.net/;SharedAccessSignature=?{SIGNATURE}",
    f"AccountName=contoso;{SIGNED};EndpointSuffix=core.windows.net;DefaultEndpointsProtocol=https",
    f"AccountName=contoso;{SIGNED}",
    f"{NAMED};{SIGNED}",
    f"AccountKey={KEY};{SIGNED};TableEndpoint=https://t.example",
    "UseDevelopmentStorage=true",
    "usedevelopmentstorage=TRUE",
]
REFUSED = [
    "",
    "   ",
    ";",
    "what is this",
    KEY,
    "=",
    "AccountName=contoso",
    f"AccountKey={KEY}",
    f"AccountKey={KEY};TableEndpoint=https://t.example",
    f"AccountName=;AccountKey={KEY}",
    "AccountName=contoso;AccountKey=",
    f"=contoso;{NAMED}",
    f"{NAMED};AccountKey={KEY}",
    f"{NAMED};ACCOUNTKEY={KEY}",
    f"{NAMED};garbage",
    "TableEndpoint=https://contoso.table.core.windows.net",
    SIGNED,
    "UseDevelopmentStorage=false",
    f"{NAMED};TableEndpoint=https://",
]


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_the_same_account_is_read_as_by_the_sdk(text: str) -> None:
    """The same URL and the same credential."""
    account = parse_connection_string(text)
    with TableServiceClient.from_connection_string(text) as sdk:
        assert account.endpoint == sdk.url.rstrip("/")
        if isinstance(sdk.credential, AzureNamedKeyCredential):
            assert account.credential == AccountKey(*sdk.credential.named_key)
        else:
            assert isinstance(sdk.credential, AzureSasCredential)
            assert account.credential == Signature(sdk.credential.signature.lstrip("?"))


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_sdk_refuses_is_refused(text: str) -> None:
    """With the name of the setting and what to do, instead of the SDK's text, which may quote the value."""
    with pytest.raises(ValueError):  # noqa: PT011  whatever its text
        TableServiceClient.from_connection_string(text)
    with pytest.raises(SettingsError, match="EventTables") as caught:
        parse_connection_string(text)

    assert "c2VjcmV0" not in str(caught.value)
    assert any(cure in str(caught.value) for cure in ("copy it from", "https://ACCOUNT.table.core.windows.net"))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (f"AccountName = contoso ; AccountKey = {KEY} ", NAMED),
        (f"AccountName=contoso;\r\n  AccountKey={KEY};\r\n", NAMED),
        (f"AccountName=contoso;; ;AccountKey={KEY}", NAMED),
        (f" TableEndpoint=https://t.example/ ; {SIGNED} ", f"TableEndpoint=https://t.example;{SIGNED}"),
        (" UseDevelopmentStorage=true; ", "UseDevelopmentStorage=true"),
        ("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1", "UseDevelopmentStorage=true"),
    ],
)
def test_odd_spacing_is_forgiven(text: str, same: str) -> None:
    """Copying adds blanks and line breaks; the SDK fails on them."""
    assert parse_connection_string(text) == parse_connection_string(same)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("UseDevelopmentStorage=true", EMULATOR),
        (
            "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite",
            "http://azurite:10002/devstoreaccount1",
        ),
        (
            "DevelopmentStorageProxyUri=http://azurite_1.local:8080/x;UseDevelopmentStorage=true",
            "http://azurite_1.local:10002/devstoreaccount1",
        ),
    ],
)
def test_the_emulator_is_where_the_host_looks_for_it(text: str, endpoint: str) -> None:
    """On this machine, or at its proxy; port and path of the proxy's URL are ignored."""
    account = parse_connection_string(text)

    assert account.endpoint == endpoint
    assert account.credential == AccountKey(ACCOUNT, ACCOUNT_KEY)


@pytest.mark.parametrize(
    "text",
    [
        "UseDevelopmentStorage=yes",
        f"UseDevelopmentStorage=true;{NAMED}",
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=azurite",
        "DevelopmentStorageProxyUri=http://azurite",
        "AccountName=contoso;AccountKey=!not base64!",
        "AccountName=contoso;AccountKey=c2VjcmV0LWtleQ",
        f"AccountName=con toso;AccountKey={KEY};TableEndpoint=https://t.example",
        f"{NAMED};TableEndpoint=ftp://t.example",
        f"{NAMED};TableEndpoint=https://t.example:port",
        f"{NAMED};TableEndpoint=https://t.example:65536",
        f"{NAMED};TableEndpoint=https://user@t.example",
        f"{NAMED};TableEndpoint=https://t.example?{SIGNATURE}",
        f"{NAMED};TableEndpoint=https://t.exa mple",
        f"DefaultEndpointsProtocol=ftp;{NAMED};EndpointSuffix=core.windows.net",
        "TableEndpoint=https://t.example;SharedAccessSignature=sv=1&\r\n sig=c2VjcmV0",
        "TableEndpoint=https://t.example;SharedAccessSignature=?",
    ],
)
def test_what_could_never_be_written_with_is_an_error_at_once(text: str) -> None:
    """The SDK would accept some of these and fail with every request."""
    with pytest.raises(SettingsError, match=r"^EventTables ") as caught:
        parse_connection_string(text)

    assert "c2VjcmV0" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"


_PARTS = st.tuples(
    st.sampled_from(
        [
            *("AccountName", "AccountKey", "TableEndpoint", "EndpointSuffix", "DefaultEndpointsProtocol"),
            *("SharedAccessSignature", "UseDevelopmentStorage", "DevelopmentStorageProxyUri", "", " AccountName "),
        ]
    ),
    st.sampled_from(["=", "", " = "]),
    st.sampled_from(["contoso", KEY, "http", "https://t.example", "core.windows.net", "true", SIGNATURE])
    | st.text(max_size=30),
)


@given(st.lists(_PARTS, max_size=5))
def test_whatever_is_pasted_is_an_account_or_a_settings_error(parts: list[tuple[str, str, str]]) -> None:
    """An account has a valid URL; an error quotes no value."""
    try:
        account = parse_connection_string(";".join("".join(part) for part in parts))
    except SettingsError as error:
        told = str(error)
    else:
        told = ""
        assert re.fullmatch(r"https?://[\w.\[\]:/~-]+[^/]", account.endpoint, re.ASCII)
    values = [value for _, _, value in parts if len(value) > len("https://t.example")]

    assert [value for value in values if value in told] == []


def test_the_message_names_the_setting_that_was_read() -> None:
    """The host's setting has the host's name."""
    with pytest.raises(SettingsError, match=r"^AzureWebJobsStorage is no connection string"):
        parse_connection_string("nonsense", "AzureWebJobsStorage")
