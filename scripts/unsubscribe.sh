#!/bin/sh
# Removes this app's subscriptions from the topic. `azd down` runs this first, since it does not delete an older topic.
set -eu

if [ -z "${TOPIC_NAME:-}" ] || [ "$TOPIC_RESOURCE_GROUP" = "$AZURE_RESOURCE_GROUP" ]; then
    exit 0 # nothing was provisioned, or the topic is deleted with its group
fi

names=$(az eventgrid system-topic event-subscription list \
    --subscription "$TOPIC_SUBSCRIPTION_ID" \
    --resource-group "$TOPIC_RESOURCE_GROUP" \
    --system-topic-name "$TOPIC_NAME" \
    --query "[?destination.resourceId && contains(destination.resourceId, '/sites/$FUNCTION_APP_NAME/functions/')].name" \
    --output tsv)

for name in $names; do
    echo "unsubscribe: $name"
    az eventgrid system-topic event-subscription delete \
        --subscription "$TOPIC_SUBSCRIPTION_ID" \
        --resource-group "$TOPIC_RESOURCE_GROUP" \
        --system-topic-name "$TOPIC_NAME" \
        --name "$name" \
        --yes
done
