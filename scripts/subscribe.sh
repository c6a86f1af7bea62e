#!/bin/sh
# Subscribes the deployed functions to the topic. `azd deploy` runs this last, and it may be run again at any time.
#
# When Event Grid creates a subscription, it checks that the function exists and that it may write dead letters.
# Functions are listed some time after the code is deployed, and roles take minutes to take effect, so this waits.
set -eu

: "${AZURE_SUBSCRIPTION_ID:?is not set: run 'azd provision' first, and this through azd: 'azd hooks run postdeploy'}"
: "${FUNCTION_APP_ID:?is not set: run 'azd provision' first}"
: "${TOPIC_NAME:?is not set: run 'azd provision' first}"
: "${TOPIC_RESOURCE_GROUP:?is not set: run 'azd provision' first}"
: "${TOPIC_SUBSCRIPTION_ID:?is not set: run 'azd provision' first}"
: "${DEAD_LETTER_STORAGE_ID:?is not set: run 'azd provision' first}"

if [ "${KEEP_SUBSCRIPTIONS:-false}" = true ]; then
    echo "subscribe: KEEP_SUBSCRIPTIONS is true: the subscriptions are not changed"
    exit 0
fi

folder=$(CDPATH='' cd -- "$(dirname -- "$0")/../infra" && pwd)
wait_seconds=${SUBSCRIBE_WAIT_SECONDS:-15}
function_tries=20
deployment_tries=6

if ! az account show --subscription "$AZURE_SUBSCRIPTION_ID" --output none; then
    echo "subscribe: az cannot access subscription $AZURE_SUBSCRIPTION_ID: run 'az login', or let azd and az share" >&2
    echo "subscribe: one sign-in: 'azd config set auth.useAzCliAuth true'. Then 'azd hooks run postdeploy'." >&2
    exit 1
fi

wanted=$(sed -n 's|.*"function": "\([A-Za-z0-9_]*\)".*|\1|p' "$folder/event-filters.json" | sort -u | tr '\n' ' ')

missing() {
    found=$(az rest --method get --url "$FUNCTION_APP_ID/functions?api-version=2024-04-01" \
        --query "value[].properties.name" --output tsv) || found=
    for name in $wanted; do
        printf '%s\n' "$found" | grep -qx "$name" || printf ' %s' "$name"
    done
}

try=1
while lacking=$(missing) && [ -n "$lacking" ]; do
    if [ "$try" -ge "$function_tries" ]; then
        echo "subscribe: the app does not list these functions:$lacking. Is the code deployed ('azd deploy')?" >&2
        echo "subscribe: If it is, check its log: a setting or an import may keep it from starting." >&2
        exit 1
    fi
    echo "subscribe: waiting for$lacking ($try of $function_tries)"
    try=$((try + 1))
    sleep "$wait_seconds"
done

try=1
until az deployment group create \
    --subscription "$TOPIC_SUBSCRIPTION_ID" \
    --resource-group "$TOPIC_RESOURCE_GROUP" \
    --name acs-event-subscriptions \
    --template-file "$folder/event-subscriptions.bicep" \
    --parameters \
        systemTopicName="$TOPIC_NAME" \
        functionAppId="$FUNCTION_APP_ID" \
        deadLetterStorageId="$DEAD_LETTER_STORAGE_ID" \
    --output none; do
    if [ "$try" -ge "$deployment_tries" ]; then
        echo "subscribe: the subscriptions could not be created; the last error is above. A role may take ten minutes to" >&2
        echo "subscribe: take effect: 'azd hooks run postdeploy' tries again." >&2
        exit 1
    fi
    echo "subscribe: not yet, trying again ($try of $deployment_tries)"
    try=$((try + 1))
    sleep "$((wait_seconds * 2))"
done
echo "subscribe: $TOPIC_NAME delivers to $wanted"
