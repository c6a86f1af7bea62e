"""Compare the deployed event subscriptions with those that this folder declares."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from acsevents.doctor.azure import part
from acsevents.doctor.deployment import Deployment
from acsevents.doctor.finding import Finding, ok, warning, wrong
from acsevents.subscriptions import EventSubscription

_SUBSCRIBE: Final = "deploy the subscriptions again: `azd hooks run postdeploy`, or infra/event-subscriptions.bicep"


def compare(
    declared: Sequence[EventSubscription], found: Sequence[dict[str, Any]], deployment: Deployment
) -> Iterator[Finding]:
    """Compare the deployed event subscriptions with the declared ones."""
    app_id = deployment.function_app
    by_name = {str(one.get("name", "")).lower(): one for one in found}
    for one in declared:
        check = f"subscription {one.name}"
        deployed = by_name.pop(one.name.lower(), None)
        if deployed is None:
            yield wrong(check, "is missing: its events are dropped", _SUBSCRIBE)
            continue
        problems = list(_problems(one, deployed.get("properties") or {}, deployment))
        for problem in problems:
            yield wrong(check, problem, _SUBSCRIBE)
        if not problems:
            yield ok(check, f"delivers to {one.function}")
    for name, other in by_name.items():
        if app_id.lower() in str(part(other, "properties", "destination", "properties", "resourceId")).lower():
            what = "also delivers to this app but is not declared: each of its events is delivered twice"
            yield warning(f"subscription {name}", what, "delete it, or declare it in infra/subscriptions.json")


def _problems(declared: EventSubscription, deployed: dict[str, Any], deployment: Deployment) -> Iterator[str]:
    state = deployed.get("provisioningState")
    if state != "Succeeded":
        yield f"is not ready: {state}"
    target = str(part(deployed, "destination", "properties", "resourceId"))
    if target.lower() != f"{deployment.function_app}/functions/{declared.function}".lower():
        yield f"does not deliver to {declared.function} of this app"
    yield from _filter_problems(declared, deployed.get("filter") or {})
    policy = declared.policy
    if deployed.get("eventDeliverySchema") != policy.event_delivery_schema:
        yield f"does not deliver in the schema {policy.event_delivery_schema}"
    retries = (
        part(deployed, "retryPolicy", "maxDeliveryAttempts"),
        part(deployed, "retryPolicy", "eventTimeToLiveInMinutes"),
    )
    if retries != (policy.max_delivery_attempts, policy.event_time_to_live_in_minutes):
        yield f"tries {retries[0]} times in {retries[1]} minutes, not {policy.max_delivery_attempts} in " + str(
            policy.event_time_to_live_in_minutes
        )
    yield from _dead_letter_problems(declared, deployed, deployment)


def _dead_letter_problems(
    declared: EventSubscription, deployed: dict[str, Any], deployment: Deployment
) -> Iterator[str]:
    letters = part(deployed, "deadLetterWithResourceIdentity", "deadLetterDestination") or deployed.get(
        "deadLetterDestination"
    )
    container, wanted = part(letters, "properties", "blobContainerName"), declared.policy.dead_letter_container
    account = str(part(letters, "properties", "resourceId"))
    if wanted and container is None:
        yield "has no dead-letter container: undeliverable events are lost"
    elif wanted != container:
        yield f"writes dead letters to {container}, not to {wanted}"
    elif wanted and account.lower() != deployment.data_storage.lower():
        yield f"writes dead letters to {account.rpartition('/')[2]}, not the account with the data"


def _filter_problems(declared: EventSubscription, deployed: dict[str, Any]) -> Iterator[str]:
    types = {str(name).lower() for name in deployed.get("includedEventTypes") or ()} - {"all"}
    wanted = {name.lower() for name in declared.event_types}
    if wanted and types:
        missing = [name for name in declared.event_types if name.lower() not in types]
        if missing:
            yield f"does not take {', '.join(missing)}"
        if types - wanted:
            yield f"also takes {', '.join(sorted(types - wanted))}"
    elif wanted != types:
        yield "takes all event types" if wanted else "takes only listed event types"
    if _comparisons(deployed.get("advancedFilters") or ()) != _comparisons(declared.advanced_filters):
        yield "has other advanced filters"
    subjects = (declared.subject_begins_with, declared.subject_ends_with)
    if subjects != (deployed.get("subjectBeginsWith") or "", deployed.get("subjectEndsWith") or ""):
        yield "filters by other subjects"


def _comparisons(filters: Sequence[Any]) -> set[tuple[str, str, tuple[str, ...]]]:
    """Return what advanced filters compare, declared or deployed, in any order."""
    compared = set()
    for one in filters:
        operator, key, values = (
            (one.get("operatorType"), one.get("key"), one.get("values") or ())
            if isinstance(one, dict)
            else (one.operator_type, one.key, one.values)
        )
        compared.add((str(operator), str(key).lower(), tuple(sorted(str(value).lower() for value in values))))
    return compared
